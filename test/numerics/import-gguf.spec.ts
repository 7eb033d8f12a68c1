import { openModelSource } from '@prad/formats';
import { importBaseModel, openBaseModel } from '@prad/models';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectClose, floats, referenceJson, tinyModel } from './nn/reference.js';
import { expectGenerates } from './support/expect-generates.js';
import { ggufFile, type Float32Tensor, type GgufValue } from './support/gguf-file.js';

type Config = Readonly<Record<string, number | undefined>>;
type Metadata = Readonly<Record<string, GgufValue>>;
type Names = readonly (readonly [RegExp, string])[];

// Names as in llama.cpp's gguf-py, whose converters write such files.
const names: Names = [
  [/^model\.embed_tokens|^gpt_neox\.embed_in|^transformer\.wte/, 'token_embd'],
  [/^transformer\.wpe/, 'position_embd'],
  [/^model\.norm|^gpt_neox\.final_layer_norm|^transformer\.ln_f/, 'output_norm'],
  [/^lm_head|^embed_out/, 'output'],
  [/^(?:model\.layers|gpt_neox\.layers|transformer\.h)\.(\d+)\./, 'blk.$1.'],
  [/self_attn\.o_proj|attention\.dense|attn\.c_proj/, 'attn_output'],
  [/self_attn\.qkv_proj|attention\.query_key_value|attn\.c_attn/, 'attn_qkv'],
  [/self_attn\.([qkv])_proj/, 'attn_$1'],
  [/self_attn\.([qk])_norm/, 'attn_$1_norm'],
  [/mlp\.gate_up_proj|mlp\.dense_h_to_4h|mlp\.c_fc/, 'ffn_up'],
  [/mlp\.dense_4h_to_h|mlp\.c_proj/, 'ffn_down'],
  [/mlp\.(gate|up|down)_proj/, 'ffn_$1'],
  [/input_layernorm|ln_1/, 'attn_norm'],
];
const secondNorm = [/post_attention_layernorm|ln_2/, 'ffn_norm'] as const;
const gemmaNorms: Names = [
  [/post_attention_layernorm/, 'post_attention_norm'],
  [/pre_feedforward_layernorm/, 'ffn_norm'],
  [/post_feedforward_layernorm/, 'post_ffw_norm'],
];

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'prad-gguf-'));
});
afterAll(async () => {
  await rm(scratch, { recursive: true });
});

type Reordered = (tensor: Float32Tensor, heads: number) => Float32Tensor;

/** Rows in the order in which `from` names them. */
function rowsFrom({ shape, values }: Float32Tensor, from: (row: number) => number): Float32Tensor {
  const [rows = 0, columns = 1] = shape;
  const order = Array.from({ length: rows }, (_, row) =>
    values.subarray(from(row) * columns, (from(row) + 1) * columns),
  );
  return { shape, values: Float32Array.from(order.flatMap((row) => [...row])) };
}

/** The converter's reordering of q and k rows for llama (`LlamaModel.permute`). */
const permuted: Reordered = (tensor, heads) => {
  const size = (tensor.shape[0] ?? 0) / heads;
  return rowsFrom(tensor, (row) => {
    const inHead = row % size;
    return row - inHead + Math.floor(inHead / 2) + (inHead % 2) * (size / 2);
  });
};

/** GPT-NeoX: [head, q or k or v, D] becomes [q or k or v, head, D]. */
const grouped: Reordered = (tensor, heads) => {
  const size = (tensor.shape[0] ?? 0) / heads / 3;
  return rowsFrom(tensor, (row) => {
    const [part, head] = [Math.floor(row / size / heads), Math.floor(row / size) % heads];
    return (head * 3 + part) * size + (row % size);
  });
};

/** GPT-2's matrices are stored [in, out]. */
const turned: Reordered = ({ shape: [rows = 0, columns = 0], values }) => ({
  shape: [columns, rows],
  values: Float32Array.from(values, (_, at) => values[(at % rows) * columns + Math.floor(at / rows)] ?? 0),
});

/** What the converter does to a tensor of this name. */
function reordering(architecture: string, name: string): Reordered | undefined {
  if (architecture === 'llama' && /attn_[qk]\./.test(name)) return permuted;
  if (architecture === 'gptneox' && name.includes('attn_qkv')) return grouped;
  const isMatrix = /(attn_qkv|attn_output|ffn_up|ffn_down)\.weight$/.test(name);
  return architecture === 'gpt2' && isMatrix ? turned : undefined;
}

function metadataOf(architecture: string, c: Config): Metadata {
  const u32s = {
    block_count: c['num_hidden_layers'] ?? c['n_layer'],
    context_length: c['max_position_embeddings'] ?? c['n_positions'],
    embedding_length: c['hidden_size'] ?? c['n_embd'],
    feed_forward_length: c['intermediate_size'] ?? 4 * (c['n_embd'] ?? 0),
    'attention.head_count': c['num_attention_heads'] ?? c['n_head'],
    'attention.head_count_kv': c['num_key_value_heads'],
    'attention.key_length': c['head_dim'],
    'attention.value_length': c['head_dim'],
  };
  const f32s = {
    'attention.layer_norm_rms_epsilon': c['rms_norm_eps'],
    'attention.layer_norm_epsilon': c['layer_norm_eps'] ?? c['layer_norm_epsilon'],
    'rope.freq_base': c['rope_theta'],
  };
  const entries = (values: Config, type: 'u32' | 'f32'): Metadata =>
    Object.fromEntries(
      Object.entries(values).flatMap(([key, value]) =>
        value === undefined ? [] : [[`${architecture}.${key}`, { [type]: value } as GgufValue]],
      ),
    );
  const ids = Array.from({ length: 96 }, (_, id) => id);
  return {
    'general.architecture': { text: architecture },
    ...entries(u32s, 'u32'),
    ...entries(f32s, 'f32'),
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
  const stated = [...weights].filter(
    ([name]) => !/\.(masked_bias|attention\.bias|attn\.bias|inv_freq)$/.test(name),
  );
  const tensors = stated.map(([name, stored]): [string, Float32Tensor] => {
    const rules = [...names, ...(isGemma ? gemmaNorms : [secondNorm])];
    const short = rules.reduce((text, [pattern, by]) => text.replace(pattern, by), name);
    const tensor = { shape: stored.shape, values: floats(stored) };
    if (isGemma && name.endsWith('norm.weight')) {
      return [short, { ...tensor, values: tensor.values.map((value) => value + 1) }];
    }
    const heads = config['num_attention_heads'] ?? config['n_head'] ?? 0;
    const ofTensor = short.includes('attn_k.') ? (config['num_key_value_heads'] ?? heads) : heads;
    return [short, reordering(architecture, short)?.(tensor, ofTensor) ?? tensor];
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
  } = referenceJson('llama3/config.json') as {
    readonly head_dim: number;
    readonly rope_theta: number;
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
  ['phi3', 'phi3', { 'phi3.rope.dimension_count': { u32: 12 }, 'phi3.attention.sliding_window': { u32: 6 } }],
  ['gpt_neox', 'gptneox', { 'gptneox.rope.dimension_count': { u32: 4 } }],
  [
    'gpt_neox-serial',
    'gptneox',
    { 'gptneox.rope.dimension_count': { u32: 8 }, 'gptneox.use_parallel_residual': { flag: false } },
  ],
  ['gpt2', 'gpt2', { 'tokenizer.ggml.pre': { text: 'gpt-2' } }],
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
    { 'general.architecture': { text: 'falcon' } },
    undefined,
    /general.architecture must be one of llama, qwen2, qwen3, gemma2, gemma3, phi3, gptneox, gpt2, got "falcon"/,
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
  [
    'heads that turn in part',
    { 'llama.rope.dimension_count': { u32: 8 } },
    undefined,
    /llama.rope.dimension_count must be the head size 16, got 8/,
  ],
  ['too few factors', {}, Float32Array.of(1, 2), /rope_scaling.factors has 2 numbers for 8 frequencies/],
  ['experts', { 'llama.expert_count': { u32: 8 } }, undefined, /llama.expert_count must be 0, got 8/],
])('refuses %s', async (_, more, factors, message) => {
  const path = await converted('llama3', 'llama', more, factors);
  await expect(importBaseModel(path, join(scratch, 'refused'))).rejects.toThrow(message);
});
