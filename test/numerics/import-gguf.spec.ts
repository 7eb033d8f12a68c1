import { openModelSource } from '@prad/formats';
import { importBaseModel, openBaseModel } from '@prad/models';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectClose, floats, referenceJson, tinyModel } from './nn/reference.js';
import { expectGenerates } from './support/expect-generates.js';
import { ggufFile, type Float32Tensor, type GgufValue } from './support/gguf-file.js';

/** The fields of config.json that the tiny models' GGUF files are made from. */
interface Config {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim?: number;
  readonly max_position_embeddings: number;
  readonly rms_norm_eps: number;
  readonly rope_theta: number;
  readonly sliding_window?: number;
  readonly attn_logit_softcapping?: number;
  readonly final_logit_softcapping?: number;
}

type Metadata = Readonly<Record<string, GgufValue>>;

// Names as in llama.cpp's gguf-py, whose converters write such files.
const names: readonly (readonly [RegExp, string])[] = [
  [/^model\.embed_tokens/, 'token_embd'],
  [/^model\.norm/, 'output_norm'],
  [/^lm_head/, 'output'],
  [/^model\.layers\.(\d+)\./, 'blk.$1.'],
  [/self_attn\.o_proj/, 'attn_output'],
  [/self_attn\.([qkv])_proj/, 'attn_$1'],
  [/self_attn\.([qk])_norm/, 'attn_$1_norm'],
  [/mlp\.(gate|up|down)_proj/, 'ffn_$1'],
  [/input_layernorm/, 'attn_norm'],
];
const secondNorm = [/post_attention_layernorm/, 'ffn_norm'] as const;
const gemmaNorms = [
  [/post_attention_layernorm/, 'post_attention_norm'],
  [/pre_feedforward_layernorm/, 'ffn_norm'],
  [/post_feedforward_layernorm/, 'post_ffw_norm'],
] as const;

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'prad-gguf-'));
});
afterAll(async () => {
  await rm(scratch, { recursive: true });
});

/** The converter's reordering of q and k rows for llama (`LlamaModel.permute`). */
function permuted({ shape, values }: Float32Tensor, heads: number): Float32Tensor {
  const [rows = 0, columns = 1] = shape;
  const size = rows / heads;
  const from = (row: number): number => {
    const inHead = row % size;
    return row - inHead + Math.floor(inHead / 2) + (inHead % 2) * (size / 2);
  };
  const order = Array.from({ length: rows }, (_, row) =>
    values.subarray(from(row) * columns, (from(row) + 1) * columns),
  );
  return { shape, values: Float32Array.from(order.flatMap((row) => [...row])) };
}

function metadataOf(architecture: string, c: Config): Metadata {
  const u32s = {
    block_count: c.num_hidden_layers,
    context_length: c.max_position_embeddings,
    embedding_length: c.hidden_size,
    feed_forward_length: c.intermediate_size,
    'attention.head_count': c.num_attention_heads,
    'attention.head_count_kv': c.num_key_value_heads,
    ...(c.head_dim && { 'attention.key_length': c.head_dim, 'attention.value_length': c.head_dim }),
  };
  const f32s = { 'attention.layer_norm_rms_epsilon': c.rms_norm_eps, 'rope.freq_base': c.rope_theta };
  const ids = Array.from({ length: 96 }, (_, id) => id);
  return {
    'general.architecture': { text: architecture },
    ...Object.fromEntries(
      Object.entries(u32s).map(([key, value]) => [`${architecture}.${key}`, { u32: value }]),
    ),
    ...Object.fromEntries(
      Object.entries(f32s).map(([key, value]) => [`${architecture}.${key}`, { f32: value }]),
    ),
    'tokenizer.ggml.model': { text: 'gpt2' },
    'tokenizer.ggml.pre': { text: 'llama-bpe' },
    'tokenizer.ggml.tokens': { texts: ids.map((id) => `<${id}>`) },
    'tokenizer.ggml.token_type': { i32s: ids.map(() => 1) },
    'tokenizer.ggml.merges': { texts: [] },
    'tokenizer.ggml.bos_token_id': { u32: 0 },
    'tokenizer.ggml.eos_token_id': { u32: 1 },
    'tokenizer.ggml.padding_token_id': { u32: 2 },
  };
}

/** Writes a folder of test/reference as llama.cpp's converter would. */
async function converted(
  folder: string,
  architecture: string,
  more: Metadata = {},
  factors?: Float32Array,
): Promise<string> {
  const config = referenceJson(`${folder}/config.json`) as Config;
  const { weights } = await tinyModel(folder);
  const isGemma = architecture.startsWith('gemma');
  const tensors = [...weights].map(([name, stored]): [string, Float32Tensor] => {
    const rules = [...names, ...(isGemma ? gemmaNorms : [secondNorm])];
    const short = rules.reduce((text, [pattern, by]) => text.replace(pattern, by), name);
    const tensor = { shape: stored.shape, values: floats(stored) };
    if (isGemma && name.endsWith('norm.weight')) {
      return [short, { ...tensor, values: tensor.values.map((value) => value + 1) }];
    }
    const heads = short.includes('attn_q.') ? config.num_attention_heads : config.num_key_value_heads;
    return [short, architecture === 'llama' && /attn_[qk]\./.test(short) ? permuted(tensor, heads) : tensor];
  });
  if (factors) tensors.push(['rope_freqs.weight', { shape: [factors.length], values: factors }]);
  const path = join(scratch, `${folder}-${Object.keys(more).length}.gguf`);
  await writeFile(path, ggufFile({ ...metadataOf(architecture, config), ...more }, new Map(tensors)));
  return path;
}

/** `rope_freqs` of llama3 scaling, by the formula of llama.cpp's converter. */
function llama3Factors(): Float32Array {
  const {
    head_dim: size,
    rope_theta: theta,
    rope_scaling: s,
  } = referenceJson('llama3/config.json') as Config & {
    readonly head_dim: number;
    readonly rope_scaling: Readonly<Record<string, number>>;
  };
  const [factor, low, high] = [s['factor']!, s['low_freq_factor']!, s['high_freq_factor']!];
  const context = s['original_max_position_embeddings']!;
  return Float32Array.from({ length: size / 2 }, (_, i) => {
    const wave = 2 * Math.PI * theta ** ((2 * i) / size);
    if (wave < context / high) return 1;
    if (wave > context / low) return factor;
    const smooth = (context / wave - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

const cases: readonly [string, string, Metadata, Float32Array?][] = [
  ['llama3', 'llama', {}, llama3Factors()],
  [
    'llama-linear',
    'llama',
    { 'llama.rope.scaling.type': { text: 'linear' }, 'llama.rope.scaling.factor': { f32: 4 } },
  ],
  ['llama-linear', 'llama', { 'llama.rope.scale_linear': { f32: 4 } }],
  ['qwen2', 'qwen2', { 'tokenizer.ggml.pre': { text: 'qwen2' }, 'tokenizer.ggml.eot_token_id': { u32: 90 } }],
  ['qwen3', 'qwen3', { 'tokenizer.ggml.pre': { text: 'qwen2' } }],
];

it.each(cases)(
  '%s generates from its GGUF file (%s, %o) what it does in transformers',
  async (folder, ...file) => {
    const model = join(scratch, `${folder}-${Object.keys(file[1]).length}`);
    await importBaseModel(await converted(folder, ...file), model);
    await expectGenerates(model, folder);
    const { endTokens } = await openBaseModel(model, folder);
    expect([...endTokens]).toEqual('tokenizer.ggml.eot_token_id' in file[1] ? [1, 90] : [1]);
  },
);

// Their reference models scale scores as no real Gemma does, which GGUF cannot say; the rest must be the same.
it.each<[string, string, Metadata]>([
  [
    'gemma2',
    'gemma2',
    {
      'gemma2.attention.sliding_window': { u32: 4 },
      'gemma2.attn_logit_softcapping': { f32: 3 },
      'gemma2.final_logit_softcapping': { f32: 8 },
    },
  ],
  [
    'gemma3_text',
    'gemma3',
    {
      'gemma3.attention.sliding_window': { u32: 4 },
      'gemma3.attention.sliding_window_pattern': { u32: 3 },
      'gemma3.rope.freq_base_swa': { f32: 1000 },
      'gemma3.rope.scaling.type': { text: 'linear' },
      'gemma3.rope.scaling.factor': { f32: 8 },
    },
  ],
])('%s has the weights and the config of its folder', async (folder, architecture, more) => {
  const source = await openModelSource(await converted(folder, architecture, more));
  const { model, weights } = await tinyModel(folder);
  expect([...source.tensors.keys()].sort()).toEqual([...weights.keys()].sort());
  for (const [name, tensor] of source.tensors) {
    const stored = floats(weights.get(name));
    const values = await tensor.read();
    // 1 + w has fewer digits than w.
    if (name.endsWith('norm.weight')) expectClose(values, stored, 1e-6, name);
    else expect(values, name).toEqual(stored);
  }
  await source.close();
  const classic = referenceJson(`${folder}/config.json`) as object;
  const read = Object.entries(source.config).filter(
    ([key]) => key in classic && key !== 'query_pre_attn_scalar',
  );
  expect(classic).toMatchObject(Object.fromEntries(read));
  expect(source.config['query_pre_attn_scalar']).toBe(model.dimensions.headDim);
});

it.each<[string, Metadata, Float32Array | undefined, RegExp]>([
  [
    'another architecture',
    { 'general.architecture': { text: 'phi3' } },
    undefined,
    /general.architecture must be one of llama, qwen2, qwen3, gemma2, gemma3, got "phi3"/,
  ],
  [
    'YaRN',
    { 'llama.rope.scaling.type': { text: 'yarn' } },
    undefined,
    /llama.rope.scaling.type must be "none" or "linear", got "yarn"/,
  ],
  [
    'two kinds of scaling',
    { 'llama.rope.scaling.factor': { f32: 2 } },
    llama3Factors(),
    /scaling.type must be "none" beside rope_freqs.weight/,
  ],
  [
    'factors that are none',
    {},
    Float32Array.of(1, 1, 1, 1, 1, 1, 1, 0),
    /"rope_freqs.weight" must hold positive numbers, got 0/,
  ],
  ['too few factors', {}, Float32Array.of(1, 2), /rope_scaling.factors has 2 numbers for 8 frequencies/],
  ['experts', { 'llama.expert_count': { u32: 8 } }, undefined, /llama.expert_count must be 0, got 8/],
])('refuses %s', async (_, more, factors, message) => {
  const path = await converted('llama3', 'llama', more, factors);
  await expect(importBaseModel(path, join(scratch, 'refused'))).rejects.toThrow(message);
});
