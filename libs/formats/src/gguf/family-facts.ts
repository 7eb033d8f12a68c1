import type { JsonObject } from '../strict-json.js';
import type { GgufHeader, GgufTensor } from './header.js';
import type { GgufMetadata } from './metadata.js';
import { ropeScaling } from './rope-scaling.js';

/** What the metadata of every family say, from which its config.json is made. */
export interface FamilyFacts {
  readonly metadata: GgufMetadata;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  /** The family's own form of a key, for example `llama.block_count`. */
  readonly key: (name: string) => string;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly hiddenSize: number;
  readonly innerSize: number;
  readonly contextLength: number;
  /** How many numbers of a head turn. */
  readonly rotaryDim: number;
  readonly ropeTheta: number;
  readonly ropeScaling: JsonObject | null;
}

/**
 * @param ropeFactors of the tensor of that name, where there is one.
 * @throws AppError invalid for a missing key, or sizes that do not fit each other.
 */
export function familyFacts(
  { metadata, tensors }: GgufHeader,
  ropeFactors: Float32Array | undefined,
): FamilyFacts {
  const architecture = metadata.text('general.architecture');
  const key = (name: string): string => `${architecture}.${name}`;
  const sizes = headSizes(metadata, key);
  return {
    ...{ metadata, tensors, key },
    layers: positive(metadata, key('block_count')),
    ...sizes,
    innerSize: positive(metadata, key('feed_forward_length')),
    contextLength: positive(metadata, key('context_length')),
    rotaryDim: metadata.optionalInteger(key('rope.dimension_count')) ?? sizes.headDim,
    ropeTheta: shortestFloat32(metadata.optionalNumber(key('rope.freq_base')) ?? 10_000),
    ropeScaling: ropeScaling(metadata, architecture, ropeFactors),
  };
}

/** The fields of config.json of the families that are built like LLaMA. */
export function decoderConfig(facts: FamilyFacts): JsonObject {
  const { metadata, key } = facts;
  return {
    hidden_size: facts.hiddenSize,
    intermediate_size: facts.innerSize,
    num_hidden_layers: facts.layers,
    num_attention_heads: facts.heads,
    num_key_value_heads: facts.kvHeads,
    head_dim: facts.headDim,
    max_position_embeddings: facts.contextLength,
    rms_norm_eps: shortestFloat32(metadata.number(key('attention.layer_norm_rms_epsilon'))),
    rope_theta: facts.ropeTheta,
    rope_scaling: facts.ropeScaling,
    tie_word_embeddings: !facts.tensors.has('output.weight'),
  };
}

/** Nothing. @throws AppError invalid where a family whose heads turn as a whole has some that do not. */
export function fullRope({ metadata, key, rotaryDim, headDim }: FamilyFacts): JsonObject {
  if (rotaryDim === headDim) return {};
  throw metadata.unsupported(key('rope.dimension_count'), `the head size ${headDim}`);
}

/** The shortest decimal that is the same float32: 1e-5 for the stored 9.999999747378752e-06. */
export function shortestFloat32(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}

/** @throws AppError invalid unless the key holds a number from 1 to 2^31. */
export function positive(metadata: GgufMetadata, key: string): number {
  const value = metadata.integer(key);
  if (value < 1 || value > 2 ** 31) throw metadata.unsupported(key, 'from 1 to 2^31');
  return value;
}

type HeadSizes = Pick<FamilyFacts, 'heads' | 'kvHeads' | 'headDim' | 'hiddenSize'>;

function headSizes(metadata: GgufMetadata, key: FamilyFacts['key']): HeadSizes {
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
  if ((metadata.optionalInteger(key('attention.value_length')) ?? headDim) !== headDim) {
    throw metadata.unsupported(key('attention.value_length'), `the head size ${headDim}`);
  }
  return { heads, kvHeads, headDim, hiddenSize };
}
