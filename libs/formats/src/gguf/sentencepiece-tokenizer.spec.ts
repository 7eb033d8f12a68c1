import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorOf } from '../../testing/outcome.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { Tokenizer } from '../tokenizer/tokenizer.js';
import { openGgufModel } from './gguf-model.js';
import { mergesFromScores } from './sentencepiece-tokenizer.js';

interface Case {
  readonly text: string;
  readonly ids: number[];
  readonly bare: number[];
  readonly decoded: string;
  readonly plain: string;
}

const at = temporaryFolder();
const reference = `${import.meta.dirname}/../../../../test/reference/gguf`;
const file = await readFile(`${reference}/tiny-spm.gguf`);
const cases = JSON.parse(await readFile(`${reference}/tiny-spm-ids.json`, 'utf8')) as Case[];

/** The tokenizer of a copy of the file in which a flag is set anew. */
async function tokenizerWith(key: string, flag: boolean): Promise<Tokenizer> {
  const copy = Buffer.from(file);
  const place = copy.indexOf(key);
  expect(place).toBeGreaterThan(0);
  // After the key its type, four bytes, then the value.
  copy.writeUInt8(Number(flag), place + key.length + 4);
  await writeFile(at('flagged.gguf'), copy);
  return open(at('flagged.gguf'));
}

async function open(path: string): Promise<Tokenizer> {
  const { tokenizer, tokenizerConfig, close } = await openGgufModel(path);
  await close();
  return Tokenizer.fromJson(tokenizer, tokenizerConfig);
}

describe('sentencePieceTokenizer', () => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await open(`${reference}/tiny-spm.gguf`);
  });

  it('knows its named tokens', () => {
    const { bosTokenId, eosTokenId, padTokenId, vocabSize } = tokenizer;
    expect({ bosTokenId, eosTokenId, padTokenId, vocabSize }).toEqual({
      bosTokenId: 1,
      eosTokenId: 2,
      padTokenId: undefined,
      vocabSize: 480,
    });
    expect([0, 1, 2, 3, 4, 5].map((id) => tokenizer.isSpecial(id))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it.each(cases)('encodes and decodes as the reference library: $text', ({ text, ids, decoded, plain }) => {
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.encode(text, { addSpecialTokens: false })).toEqual(ids.slice(1));
    expect(tokenizer.decode(ids)).toBe(decoded);
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(plain);
  });

  it('puts no space before a text where the file says so', async () => {
    const bare = await tokenizerWith('tokenizer.ggml.add_space_prefix', false);
    for (const { text, bare: ids } of cases) {
      expect(bare.encode(text, { addSpecialTokens: false }), text).toEqual(ids);
    }
    expect(bare.decode(bare.encode(' Hi', { addSpecialTokens: false }))).toBe(' Hi');
  });

  it('adds the begin and the end token as the file says', async () => {
    const plain = tokenizer.encode('Hi', { addSpecialTokens: false });
    expect(await tokenizerWith('tokenizer.ggml.add_bos_token', false).then((it) => it.encode('Hi'))).toEqual(
      plain,
    );
    expect(await tokenizerWith('tokenizer.ggml.add_eos_token', true).then((it) => it.encode('Hi'))).toEqual([
      1,
      ...plain,
      2,
    ]);
  });

  it('refuses a vocabulary without a byte token, without scores, or of another family', async () => {
    const refused = async (from: string, to: string): Promise<string> => {
      const copy = Buffer.from(file);
      copy.write(to, copy.indexOf(from));
      await writeFile(at('refused.gguf'), copy);
      return (await errorOf(() => openGgufModel(at('refused.gguf')))).message;
    };
    expect(await refused('<0x41>', '<0xZZ>')).toMatch(/all byte tokens <0x00> to <0xFF>/);
    expect(await refused('tokenizer.ggml.scores', 'tokenizer.ggml.scorez')).toMatch(/scores is missing/);
    const model = Buffer.from('llama');
    const copy = Buffer.from(file);
    const key = 'tokenizer.ggml.model';
    copy.write('bertt', copy.indexOf(model, copy.indexOf(key) + key.length));
    await writeFile(at('refused.gguf'), copy);
    const error = await errorOf(() => openGgufModel(at('refused.gguf')));
    expect(error.message).toMatch(/tokenizer.ggml.model must be "gpt2".* or "llama".*, got "bertt"/);
  });
});

describe('mergesFromScores', () => {
  it('orders by score, then by the longer left part, and cuts characters, not code units', () => {
    const tokens = ['<s>', 'a', 'b', 'ab', 'bb', 'abb', '👍', 'a👍', '<', 's', '>', '<s'];
    const types = tokens.map((token) => (token === '<s>' ? 3 : 1));
    const scores = [0, -9, -9, -2, -2, -3, -9, -1, -9, -9, -9, -5];
    expect(mergesFromScores({ tokens, types }, scores)).toEqual([
      ['a', '👍'],
      ['a', 'b'],
      ['b', 'b'],
      ['ab', 'b'],
      ['a', 'bb'],
      ['<', 's'],
    ]);
  });
});
