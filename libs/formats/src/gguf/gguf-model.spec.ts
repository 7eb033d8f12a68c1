import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openModelSource } from '../open-model-source.js';
import { damaged } from '../../testing/damage.js';
import { errorOf, outcome } from '../../testing/outcome.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { Tokenizer } from '../tokenizer/tokenizer.js';
import { openGgufModel } from './gguf-model.js';

const at = temporaryFolder();
const reference = `${import.meta.dirname}/../../../../test/reference/gguf`;
const path = `${reference}/tiny-llama.gguf`;

interface Expected {
  shape: number[];
  sha256: string;
  first: number[];
}

describe('openGgufModel', () => {
  it.each(['tiny-llama', 'tiny-spm'])(
    'gives every tensor of %s bit for bit as the gguf package, under its Hugging Face name and row order',
    async (file) => {
      const expected = JSON.parse(await readFile(`${reference}/${file}.json`, 'utf8')) as Record<
        string,
        Expected
      >;
      const model = await openModelSource(`${reference}/${file}.gguf`);
      expect([...model.tensors.keys()].sort()).toEqual(Object.keys(expected).sort());
      for (const [name, { shape, sha256, first }] of Object.entries(expected)) {
        const found = model.tensors.get(name);
        const values = (await found?.read()) ?? new Float32Array();
        expect(found?.shape, name).toEqual(shape);
        expect([...values.subarray(0, 4)], name).toEqual(first);
        expect(createHash('sha256').update(values).digest('hex'), name).toBe(sha256);
      }
      await model.close();
    },
  );

  it('refuses values of another size than keys', async () => {
    const bytes = await readFile(`${reference}/tiny-spm.gguf`);
    const key = 'llama.attention.value_length';
    await writeFile(at('values.gguf'), patched(bytes, bytes.indexOf(key) + key.length + 4, 16));
    const error = await errorOf(() => openGgufModel(at('values.gguf')));
    expect(error.message).toMatch(/value_length must be the head size 8, got 16/);
  });

  it('rebuilds config.json', async () => {
    const { config, close } = await openGgufModel(path);
    await close();
    expect(config).toMatchObject({
      model_type: 'llama',
      hidden_size: 64,
      intermediate_size: 96,
      num_hidden_layers: 1,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: 16,
      max_position_embeddings: 128,
      rms_norm_eps: 1e-5,
      rope_theta: 10_000,
      tie_word_embeddings: true,
      vocab_size: 416,
      bos_token_id: 1,
      eos_token_id: 2,
      pad_token_id: 2,
    });
  });

  it('rebuilds a tokenizer with its special tokens and template', async () => {
    const { tokenizer, tokenizerConfig, close } = await openGgufModel(path);
    await close();
    const { bosTokenId, eosTokenId, vocabSize, ...rest } = Tokenizer.fromJson(tokenizer, tokenizerConfig);
    expect({ bosTokenId, eosTokenId, vocabSize }).toEqual({ bosTokenId: 1, eosTokenId: 2, vocabSize: 416 });
    expect(rest.padTokenId).toBe(2);
    expect(tokenizerConfig['chat_template']).toMatch(/add_generation_prompt/);
  });

  it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['an empty file', () => Buffer.alloc(0), /too short/],
    [
      'another magic',
      (bytes) => Buffer.concat([Buffer.from('GGML'), bytes.subarray(4)]),
      /does not begin with GGUF/,
    ],
    [
      'a file cut in its header',
      (bytes) => bytes.subarray(0, 3000),
      /ends inside its header|malformed|metadata|states/,
    ],
    [
      'a file cut in its tensors',
      (bytes) => bytes.subarray(0, -100),
      /is truncated: tensor "output_norm.weight"/,
    ],
    ['an absurd tensor count', (bytes) => patched(bytes, 8, 0xffff_ffff), /states 4294967295 tensors/],
    ['an old version', (bytes) => patched(bytes, 4, 1), /GGUF version 1/],
    ...(
      [
        [99, 'ggml type 99'],
        [9, 'Q8_1'],
        [16, 'IQ2_XXS'],
        [23, 'IQ4_XS'],
        [34, 'TQ1_0'],
        [39, 'MXFP4'],
      ] as const
    ).map(([type, name]): [string, (bytes: Buffer) => Buffer, RegExp] => [
      `the tensor type ${name}`,
      (bytes) => patchedAfter(bytes, 'output_norm.weight', 12, type),
      new RegExp(`stores tensor "output_norm.weight" as ${name}; supported are F32, .*Q6_K`),
    ]),
    [
      'rows that are not whole blocks',
      (bytes) => patchedAfter(bytes, 'output_norm.weight', 12, 12),
      /tensor "output_norm.weight" of shape \[64\] as Q4_K, whose rows are blocks of 256/,
    ],
    [
      'another architecture',
      (bytes) => renamed(bytes, 'llama', 'gemma'),
      /general.architecture must be one of llama, qwen2, .*, got "gemma"/,
    ],
    [
      'another pre-tokenizer',
      (bytes) => renamed(bytes, 'smollm', 'qwen22'),
      /pre must be one of default, gpt-2, .*, got "qwen22"/,
    ],
    [
      'a tensor of another model',
      (bytes) => renamed(bytes, 'ffn_gate', 'ffn_moot'),
      /not part of a plain llama model/,
    ],
    [
      'a missing key',
      (bytes) => renamed(bytes, 'embedding_length', 'embedding_lengtx'),
      /embedding_length is missing/,
    ],
  ])('refuses %s', async (_, damage, message) => {
    await writeFile(at('refused.gguf'), damage(await readFile(path)));
    const error = await errorOf(() => openGgufModel(at('refused.gguf')));
    expect(error.kind).toBe('invalid');
    expect(error.message).toMatch(message);
  });

  it.each([
    ['tiny-llama', 10_000],
    ['tiny-spm', 12_000],
  ])('never fails otherwise on damaged copies of %s', async (file, headerBytes) => {
    const valid = await readFile(`${reference}/${file}.gguf`);
    const header = valid.subarray(0, headerBytes);
    const rest = valid.subarray(headerBytes);
    const bytes = fc.oneof(
      { weight: 3, arbitrary: damaged(header).map((start) => Buffer.concat([start, rest])) },
      { weight: 1, arbitrary: damaged(valid) },
      {
        weight: 1,
        arbitrary: fc
          .uint8Array({ maxLength: 300 })
          .map((tail) => Buffer.concat([valid.subarray(0, 4), tail])),
      },
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (file) => {
        await writeFile(at('fuzzed.gguf'), file);
        const opened = await outcome(() => openGgufModel(at('fuzzed.gguf')));
        if (!('value' in opened)) return;
        for (const { read } of opened.value.tensors.values()) await read();
        await outcome(() => Tokenizer.fromJson(opened.value.tokenizer, opened.value.tokenizerConfig));
        await opened.value.close();
      }),
      { numRuns: 300 },
    );
  });
});

function patched(bytes: Buffer, offset: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(value, offset);
  return copy;
}

/** Writes a number so many bytes after the last place of a text: tensor infos follow the metadata. */
function patchedAfter(bytes: Buffer, text: string, distance: number, value: number): Buffer {
  return patched(bytes, bytes.lastIndexOf(text) + text.length + distance, value);
}

/** Replaces the first place of a text by another of the same length. */
function renamed(bytes: Buffer, from: string, to: string): Buffer {
  const copy = Buffer.from(bytes);
  copy.write(to, copy.indexOf(from));
  return copy;
}
