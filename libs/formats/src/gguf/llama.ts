import { invalid } from '../invalid.js';
import type { JsonObject } from '../strict-json.js';
import type { GgufTensor } from './header.js';
import type { GgufMetadata } from './metadata.js';

/** What the tensors of a llama-architecture file need to know. */
export interface LlamaHeads {
  readonly heads: number;
  readonly kvHeads: number;
}

const topNames: ReadonlyMap<string, string> = new Map([
  ['token_embd', 'model.embed_tokens'],
  ['output_norm', 'model.norm'],
  ['output', 'lm_head'],
]);

const blockNames: ReadonlyMap<string, string> = new Map([
  ['attn_norm', 'input_layernorm'],
  ['attn_q', 'self_attn.q_proj'],
  ['attn_k', 'self_attn.k_proj'],
  ['attn_v', 'self_attn.v_proj'],
  ['attn_output', 'self_attn.o_proj'],
  ['ffn_norm', 'post_attention_layernorm'],
  ['ffn_gate', 'mlp.gate_proj'],
  ['ffn_up', 'mlp.up_proj'],
  ['ffn_down', 'mlp.down_proj'],
]);

/** The Hugging Face name of a llama tensor. @throws AppError invalid for a tensor this architecture has not. */
export function llamaTensorName(name: string): string {
  const top = /^(\w+)\.weight$/.exec(name);
  const topName = topNames.get(top?.[1] ?? '');
  if (topName !== undefined) return `${topName}.weight`;
  const block = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name);
  const [, layer = '', part = '', kind = ''] = block ?? [];
  const blockName = blockNames.get(part);
  if (blockName !== undefined) return `model.layers.${Number(layer)}.${blockName}.${kind}`;
  throw invalid('gguf_unsupported', `tensor ${JSON.stringify(name)} is not part of a plain llama model`, {
    tensor: name,
  });
}

/** How many heads' rows of this tensor llama.cpp has reordered; undefined where it has not. */
export function permutedHeads(name: string, { heads, kvHeads }: LlamaHeads): number | undefined {
  if (/\.attn_q\.(weight|bias)$/.test(name)) return heads;
  return /\.attn_k\.(weight|bias)$/.test(name) ? kvHeads : undefined;
}

/**
 * Undoes llama.cpp's reordering of q and k rows. Its RoPE turns neighbouring pairs (2i, 2i+1), Hugging Face's turns
 * (i, i + D/2), so the converter (`LlamaModel.permute`) stored row 2i+j of a head from row i + j D/2.
 * @param values row major, [heads * D, columns].
 */
export function unpermuteRows(values: Float32Array, heads: number, columns: number): Float32Array {
  const rowsPerHead = values.length / columns / heads;
  const half = rowsPerHead / 2;
  const out = new Float32Array(values.length);
  for (let head = 0; head < heads; head++) {
    for (let row = 0; row < rowsPerHead; row++) {
      const from = (head * rowsPerHead + row) * columns;
      const to = (head * rowsPerHead + (row >> 1) + (row & 1) * half) * columns;
      out.set(values.subarray(from, from + columns), to);
    }
  }
  return out;
}

/** The shortest decimal that is the same float32: 1e-5 for the stored 9.999999747378752e-06. */
function shortestFloat32(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}

/**
 * A Hugging Face `config.json` of model_type llama from GGUF metadata.
 * @throws AppError invalid for another architecture or a variant that would compute something else.
 */
export function llamaConfig(metadata: GgufMetadata, tensors: ReadonlyMap<string, GgufTensor>): JsonObject {
  if (metadata.text('general.architecture') !== 'llama') {
    throw metadata.unsupported('general.architecture', '"llama"');
  }
  refuseVariants(metadata);
  const heads = positive(metadata, 'llama.attention.head_count');
  const kvHeads = metadata.has('llama.attention.head_count_kv')
    ? positive(metadata, 'llama.attention.head_count_kv')
    : heads;
  const hidden = positive(metadata, 'llama.embedding_length');
  const headDim = metadata.optionalInteger('llama.attention.key_length') ?? hidden / heads;
  if (heads % kvHeads !== 0) {
    throw metadata.unsupported('llama.attention.head_count_kv', `a divisor of the ${heads} heads`);
  }
  if (!Number.isInteger(headDim) || headDim % 2 !== 0 || headDim === 0) {
    throw metadata.unsupported(
      'llama.embedding_length',
      `an even number of values for each of ${heads} heads`,
    );
  }
  for (const key of ['llama.rope.dimension_count', 'llama.attention.value_length']) {
    if ((metadata.optionalInteger(key) ?? headDim) !== headDim) {
      throw metadata.unsupported(key, `the head size ${headDim}`);
    }
  }
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: hidden,
    intermediate_size: positive(metadata, 'llama.feed_forward_length'),
    num_hidden_layers: positive(metadata, 'llama.block_count'),
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: headDim,
    max_position_embeddings: positive(metadata, 'llama.context_length'),
    rms_norm_eps: shortestFloat32(metadata.number('llama.attention.layer_norm_rms_epsilon')),
    rope_theta: shortestFloat32(metadata.optionalNumber('llama.rope.freq_base') ?? 10_000),
    rope_scaling: null,
    attention_bias: tensors.has('blk.0.attn_q.bias'),
    mlp_bias: tensors.has('blk.0.ffn_up.bias'),
    tie_word_embeddings: !tensors.has('output.weight'),
    vocab_size: tensors.get('token_embd.weight')?.shape[0] ?? positive(metadata, 'llama.vocab_size'),
    torch_dtype: 'float32',
    ...tokenIds(metadata),
  };
}

function positive(metadata: GgufMetadata, key: string): number {
  const value = metadata.integer(key);
  if (value < 1 || value > 2 ** 31) throw metadata.unsupported(key, 'from 1 to 2^31');
  return value;
}

function refuseVariants(metadata: GgufMetadata): void {
  if ((metadata.optionalText('llama.rope.scaling.type') ?? 'none') !== 'none') {
    throw metadata.unsupported('llama.rope.scaling.type', '"none"');
  }
  if ((metadata.optionalInteger('llama.expert_count') ?? 0) !== 0) {
    throw metadata.unsupported('llama.expert_count', '0');
  }
}

function tokenIds(metadata: GgufMetadata): JsonObject {
  const ids = { bos_token_id: 'bos', eos_token_id: 'eos', pad_token_id: 'padding' };
  const found = Object.entries(ids).map(([field, name]) => [
    field,
    metadata.optionalInteger(`tokenizer.ggml.${name}_token_id`) ?? null,
  ]);
  return Object.fromEntries(found) as JsonObject;
}
