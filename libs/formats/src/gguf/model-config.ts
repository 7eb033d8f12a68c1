import type { JsonObject } from '../strict-json.js';
import { ggufFamilies, type FamilyFacts, type GgufFamily } from './families.js';
import type { GgufHeader } from './header.js';
import type { GgufMetadata } from './metadata.js';
import { ropeScaling } from './rope-scaling.js';

/** The shortest decimal that is the same float32: 1e-5 for the stored 9.999999747378752e-06. */
function shortestFloat32(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}

/** The family of a file. @throws AppError invalid for an architecture that is not known. */
export function familyOf(metadata: GgufMetadata): GgufFamily {
  const architecture = metadata.text('general.architecture');
  const family = Object.hasOwn(ggufFamilies, architecture) ? ggufFamilies[architecture] : undefined;
  if (family) return family;
  throw metadata.unsupported('general.architecture', `one of ${Object.keys(ggufFamilies).join(', ')}`);
}

/**
 * A Hugging Face `config.json` from GGUF metadata.
 * @param ropeFactors of the tensor of that name, where there is one.
 * @throws AppError invalid for another architecture or a variant that would compute something else.
 */
export function modelConfig(
  { metadata, tensors }: GgufHeader,
  ropeFactors: Float32Array | undefined,
): JsonObject {
  const family = familyOf(metadata);
  const architecture = metadata.text('general.architecture');
  const key = (name: string): string => `${architecture}.${name}`;
  if ((metadata.optionalInteger(key('expert_count')) ?? 0) !== 0) {
    throw metadata.unsupported(key('expert_count'), '0');
  }
  const { heads, kvHeads, headDim, hiddenSize } = headSizes(metadata, key);
  const layers = positive(metadata, key('block_count'));
  const facts: FamilyFacts = { metadata, tensors, layers, hiddenSize, heads, headDim };
  return {
    model_type: family.modelType,
    hidden_size: hiddenSize,
    intermediate_size: positive(metadata, key('feed_forward_length')),
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: headDim,
    max_position_embeddings: positive(metadata, key('context_length')),
    rms_norm_eps: shortestFloat32(metadata.number(key('attention.layer_norm_rms_epsilon'))),
    rope_theta: shortestFloat32(metadata.optionalNumber(key('rope.freq_base')) ?? 10_000),
    rope_scaling: ropeScaling(metadata, architecture, ropeFactors),
    tie_word_embeddings: !tensors.has('output.weight'),
    vocab_size: tensors.get('token_embd.weight')?.shape[0] ?? positive(metadata, key('vocab_size')),
    torch_dtype: 'float32',
    ...family.config(facts),
    ...tokenIds(metadata),
  };
}

interface HeadSizes {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly hiddenSize: number;
}

function headSizes(metadata: GgufMetadata, key: (name: string) => string): HeadSizes {
  const heads = positive(metadata, key('attention.head_count'));
  const kvKey = key('attention.head_count_kv');
  const kvHeads = metadata.has(kvKey) ? positive(metadata, kvKey) : heads;
  const hiddenSize = positive(metadata, key('embedding_length'));
  const headDim = metadata.optionalInteger(key('attention.key_length')) ?? hiddenSize / heads;
  if (heads % kvHeads !== 0) throw metadata.unsupported(kvKey, `a divisor of the ${heads} heads`);
  if (!Number.isInteger(headDim) || headDim % 2 !== 0 || headDim === 0) {
    throw metadata.unsupported(
      key('embedding_length'),
      `an even number of values for each of ${heads} heads`,
    );
  }
  for (const name of ['rope.dimension_count', 'attention.value_length']) {
    if ((metadata.optionalInteger(key(name)) ?? headDim) !== headDim) {
      throw metadata.unsupported(key(name), `the head size ${headDim}`);
    }
  }
  return { heads, kvHeads, headDim, hiddenSize };
}

function positive(metadata: GgufMetadata, key: string): number {
  const value = metadata.integer(key);
  if (value < 1 || value > 2 ** 31) throw metadata.unsupported(key, 'from 1 to 2^31');
  return value;
}

function tokenIds(metadata: GgufMetadata): JsonObject {
  const ids = { bos_token_id: 'bos', eos_token_id: 'eos', pad_token_id: 'padding' };
  const found = Object.entries(ids).map(([field, name]) => [
    field,
    metadata.optionalInteger(`tokenizer.ggml.${name}_token_id`) ?? null,
  ]);
  return Object.fromEntries(found) as JsonObject;
}
