import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { openGgufModel } from '../gguf/gguf-model.js';
import type { JsonObject } from '../strict-json.js';
import { errorOf, outcome } from '../../testing/outcome.js';
import { IncrementalDetokenizer } from './incremental-detokenizer.js';
import { Tokenizer } from './tokenizer.js';

const reference = `${import.meta.dirname}/../../../../test/reference`;
let json: JsonObject;
let config: JsonObject;
let tokenizer: Tokenizer;

beforeAll(async () => {
  const model = await openGgufModel(`${reference}/gguf/tiny-llama.gguf`);
  await model.close();
  ({ tokenizer: json, tokenizerConfig: config } = model);
  tokenizer = Tokenizer.fromJson(json, config);
});

interface Case {
  text: string;
  ids: number[];
  decoded: string;
  plain: string;
}

describe('Tokenizer', () => {
  it('encodes and decodes as the reference library', async () => {
    const cases = JSON.parse(await readFile(`${reference}/tokenizer/tiny-llama.json`, 'utf8')) as Case[];
    expect(cases.length).toBeGreaterThan(30);
    for (const { text, ids, decoded, plain } of cases) {
      expect(tokenizer.encode(text), text).toEqual(ids);
      expect(tokenizer.decode(ids), text).toBe(decoded);
      expect(tokenizer.decode(ids, { skipSpecialTokens: true }), text).toBe(plain);
    }
  });

  it.each(['tiny-llama', 'tiny-spm'])("joins the bytes of %s's tokens to their text", async (name) => {
    const model = await openGgufModel(`${reference}/gguf/${name}.gguf`);
    await model.close();
    const its = Tokenizer.fromJson(model.tokenizer, model.tokenizerConfig);
    const texts = ['A word, 1\n', '  two  spaces', 'caf\u00e9 \u{1F600} \u4e2d\u6587', '<|im_start|>'];
    for (const text of texts) {
      const ids = its.encode(`x${text}`, { addSpecialTokens: false });
      const bytes = Buffer.concat(ids.map((id) => its.bytesOf(id)));
      expect(bytes.toString().trimStart()).toBe(its.decode(ids).trimStart());
    }
    expect(its.bytesOf(its.vocabSize + 7)).toHaveLength(0);
  });

  it('gives back any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
    );
  });

  it('handles nothing, unknown ids and special ids', () => {
    expect(tokenizer.encode('')).toEqual([]);
    expect(tokenizer.decode([])).toBe('');
    expect(tokenizer.decode([9999, -1])).toBe('');
    expect(tokenizer.isSpecial(2)).toBe(true);
    expect(tokenizer.isSpecial(40)).toBe(false);
    expect(tokenizer.tokenOf(1)).toBe('<|im_start|>');
    expect(tokenizer.idOf('<|im_end|>')).toBe(2);
  });

  it('adds what the post-processor adds, unless told not to', () => {
    const begun = Tokenizer.fromJson({
      ...json,
      post_processor: {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: '<|im_start|>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        pair: [],
        special_tokens: {},
      },
    });
    const plain = tokenizer.encode('Hi');
    expect(begun.encode('Hi')).toEqual([1, ...plain]);
    expect(begun.encode('Hi', { addSpecialTokens: false })).toEqual(plain);
    expect(begun.eosTokenId).toBeUndefined();
  });

  it.each<[string, (root: JsonObject) => unknown, string]>([
    ['no object', () => [], 'the root'],
    ['no model', () => ({}), 'model'],
    ['an unknown model type', () => ({ model: { type: 'Magic', vocab: {} } }), 'model.type'],
    ['no vocabulary', () => ({ model: { type: 'BPE' } }), 'model.vocab'],
    ['an empty vocabulary', () => ({ model: { type: 'BPE', vocab: {}, merges: [] } }), 'model.vocab'],
    ['an id that is text', () => ({ model: { type: 'BPE', vocab: { a: '0' }, merges: [] } }), 'model.vocab'],
    [
      'a gap in the ids',
      () => ({ model: { type: 'BPE', vocab: { a: 0, b: 2 }, merges: [] } }),
      'model.vocab',
    ],
    [
      'an id given twice',
      () => ({ model: { type: 'BPE', vocab: { a: 0, b: 0 }, merges: [] } }),
      'model.vocab',
    ],
    ['no merges', () => ({ model: { type: 'BPE', vocab: { a: 0 } } }), 'model.merges'],
    [
      'a merge of unknown tokens',
      () => ({ model: { type: 'BPE', vocab: { a: 0 }, merges: ['a a'] } }),
      'model.merges[0]',
    ],
    [
      'a merge that is a number',
      () => ({ model: { type: 'BPE', vocab: { a: 0 }, merges: [7] } }),
      'model.merges[0]',
    ],
    [
      'an added token without id',
      (root) => ({ ...root, added_tokens: [{ content: 'x' }] }),
      'added_tokens[0]',
    ],
    [
      'an added token of another id',
      (root) => ({ ...root, added_tokens: [{ id: 5, content: '!' }] }),
      'added_tokens',
    ],
    ['an unknown pre-tokenizer', (root) => ({ ...root, pre_tokenizer: { type: 'Magic' } }), 'pre_tokenizer'],
    ['an unknown decoder', (root) => ({ ...root, decoder: { type: 'Magic' } }), 'decoder'],
    [
      'a pattern without text',
      (root) => ({ ...root, pre_tokenizer: { type: 'Split', pattern: {} } }),
      'pre_tokenizer.pattern',
    ],
    [
      'no pattern',
      (root) => ({ ...root, normalizer: { type: 'Replace', content: 'a' } }),
      'normalizer.pattern',
    ],
    [
      'a pattern of megabytes',
      (root) => ({
        ...root,
        decoder: { type: 'Sequence', decoders: [{ type: 'Replace', pattern: { Regex: 'a'.repeat(1e6) } }] },
      }),
      'decoder.decoders[0].pattern',
    ],
    [
      'a broken pattern',
      (root) => ({ ...root, normalizer: { type: 'Replace', pattern: { Regex: '(' } } }),
      'normalizer',
    ],
    [
      'a Unigram entry of another form',
      () => ({ model: { type: 'Unigram', vocab: [['a']] } }),
      'model.vocab',
    ],
  ])('refuses %s and names the field', async (_, damage, field) => {
    const error = await errorOf(() => Tokenizer.fromJson(damage(json)));
    expect(error).toMatchObject({ kind: 'invalid', code: 'tokenizer_invalid', details: { field } });
    expect(error.message).toContain(field);
  });

  it('refuses a vocabulary over the limit and an unknown end token', async () => {
    const vocab = Array.from({ length: 1_000_001 }, (_, id) => [String(id), 0]);
    expect((await errorOf(() => Tokenizer.fromJson({ model: { type: 'Unigram', vocab } }))).message).toMatch(
      /limit is 1000000/,
    );
    const error = await errorOf(() => Tokenizer.fromJson(json, { eos_token: { content: '</s>' } }));
    expect(error.message).toMatch(/eos_token "<\/s>" is not in the vocabulary/);
  });

  it('never fails otherwise on any JSON', async () => {
    const parts = fc.record({
      model: fc.oneof(
        fc.jsonValue(),
        fc.record({
          type: fc.constantFrom('BPE', 'WordPiece', 'Unigram'),
          vocab: fc.jsonValue(),
          merges: fc.jsonValue(),
        }),
      ),
      decoder: fc.jsonValue(),
      added_tokens: fc.jsonValue(),
    });
    const kept = fc.constantFrom('normalizer', 'pre_tokenizer', 'post_processor', 'decoder');
    const types = fc.constantFrom(
      'Sequence',
      'Split',
      'Replace',
      'TemplateProcessing',
      'ByteLevel',
      'Metaspace',
      'Strip',
    );
    const other = fc.tuple(
      kept,
      types,
      fc.dictionary(fc.constantFrom('pattern', 'content', 'single', 'pretokenizers'), fc.jsonValue()),
    );
    const damaged = other.map(([part, type, fields]): unknown => ({ ...json, [part]: { ...fields, type } }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), parts, damaged), async (value) => {
        await outcome(() => Tokenizer.fromJson(value).encode('Hello 1'));
      }),
      { numRuns: 500 },
    );
  });
});

describe('IncrementalDetokenizer', () => {
  function deltas(ids: readonly number[], skipSpecialTokens = false): string[] {
    const detokenizer = new IncrementalDetokenizer(tokenizer, { skipSpecialTokens });
    return [...ids.map((id) => detokenizer.push(id)), detokenizer.end()];
  }

  it('holds back a character until its bytes are there', () => {
    const ids = tokenizer.encode('a😀b');
    const parts = deltas(ids);
    expect(parts.join('')).toBe('a😀b');
    expect(parts.every((part) => !part.includes('\uFFFD'))).toBe(true);
    expect(parts).toContain('😀');
  });

  it('gives out unfinished bytes at the end', () => {
    const unfinished = tokenizer.encode('a😀').slice(0, -1);
    expect(deltas(unfinished)).toEqual(['a', ...unfinished.slice(1).map(() => ''), '\uFFFD']);
  });

  it('joins to what decode gives, for any ids', () => {
    const anyIds = fc.array(fc.nat(tokenizer.vocabSize + 3), { maxLength: 40 });
    fc.assert(
      fc.property(anyIds, fc.boolean(), (ids, skipSpecialTokens) => {
        expect(deltas(ids, skipSpecialTokens).join('')).toBe(tokenizer.decode(ids, { skipSpecialTokens }));
      }),
      { numRuns: 500 },
    );
  });

  it('joins to what decode gives where a token is read by its place, as in SentencePiece', () => {
    const bytes = Array.from(
      { length: 256 },
      (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
    );
    const pieces = ['<unk>', ...bytes, '▁', '▁Hello', '▁world', 's', 'é'];
    const spelt = Tokenizer.fromJson({
      added_tokens: [{ id: 0, content: '<unk>', special: true }],
      decoder: {
        type: 'Sequence',
        decoders: [
          { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          { type: 'Strip', content: ' ', start: 1, stop: 0 },
        ],
      },
      model: { type: 'Unigram', unk_id: 0, byte_fallback: true, vocab: pieces.map((piece) => [piece, -1]) },
    });
    const ids = fc.array(
      fc.oneof(fc.constantFrom(0, 257, 258, 259, 260, 261), fc.constantFrom(0xe2 + 1, 0x82 + 1, 0xac + 1)),
    );
    fc.assert(
      fc.property(ids, (tokens) => {
        const detokenizer = new IncrementalDetokenizer(spelt);
        const text = tokens.map((id) => detokenizer.push(id)).join('') + detokenizer.end();
        expect(text).toBe(spelt.decode(tokens));
      }),
      { numRuns: 500 },
    );
  });
});
