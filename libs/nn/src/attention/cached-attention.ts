import { groupQueryAttention, rotaryEmbedding } from '@prad/graph';
import type { Dim, Graph, Scope, Value } from '@prad/graph';
import { AppError } from '@prad/errors';
import type { Dimensions } from '../architectures/architecture.js';
import type { Attention } from './attention.js';
import { ropeTableOf } from './rope-table.js';

/** One layer's keys and values, [B, K, M, D] with room for M positions. */
interface KeyValue {
  readonly key: Value;
  readonly value: Value;
}

interface CachedAttentionInputs {
  readonly dimensions: Dimensions;
  /** int64 [B, T]. */
  readonly positionIds: Value;
  /** The cache before this pass, by layer. */
  readonly past: readonly KeyValue[];
  /** int32 [B]: each row's valid length with the new tokens, minus 1. */
  readonly seqlens: Value;
  /** int32 scalar: T for a prompt, the longest row's length with the new token for a decode step. */
  readonly total: Value;
  /** Told the cache after this pass, layer by layer. */
  readonly present: (layer: number, cache: KeyValue) => void;
  /** Length of the rotary table and so the longest sequence; the model's maximum by default. */
  readonly positions?: number;
}

// The fused rotation of GroupQueryAttention takes heads of multiples of this only.
const FUSED_ROTARY_MULTIPLE = 16;

/**
 * Attention over a preallocated cache, for prefill and decode; no gradient. Rows are padded on the right in a
 * prompt; `seqlens` says what is valid, so rows of different lengths share a step.
 */
function cachedAttention(at: Scope, inputs: CachedAttentionInputs): Attention {
  const { dimensions, past, seqlens, total, present } = inputs;
  const { heads, kvHeads, headDim } = dimensions;
  const rope = ropeTableOf(at, dimensions, inputs.positions);
  const fused = headDim % FUSED_ROTARY_MULTIPLE === 0 ? rope : undefined;
  const attributes = { heads, kvHeads, scale: 1 / Math.sqrt(headDim) };
  return (place, layer, { query, key, value }) => {
    const rotated = (x: Value): Value =>
      rope && !fused ? rotaryEmbedding(place, x, inputs.positionIds, rope) : x;
    const cache = past[layer];
    if (!cache) throw noCache(layer, past.length);
    const { output, presentKey, presentValue } = groupQueryAttention(
      place,
      {
        query: rotated(query),
        key: rotated(key),
        value,
        pastKey: cache.key,
        pastValue: cache.value,
        seqlens,
        total,
        rope: fused,
      },
      attributes,
    );
    present(layer, { key: presentKey, value: presentValue });
    return output;
  };
}

/** Names of the cache tensors of a graph: `past.0.key` in, `present.0.key` out. */
export const cacheName = (time: 'past' | 'present', layer: number, part: keyof KeyValue): string =>
  `${time}.${layer}.${part}`;

/**
 * Declares the cache's graph inputs and outputs (see `cacheName`), `seqlens` [B] and `total`, and returns the
 * attention over them.
 */
export function keyValueCache(
  graph: Graph,
  dimensions: Dimensions,
  size: {
    readonly positionIds: Value;
    readonly batch: Dim;
    readonly capacity: Dim;
    readonly positions?: number;
  },
): Attention {
  const { layers, kvHeads, headDim } = dimensions;
  const shape = [size.batch, kvHeads, size.capacity, headDim];
  const past = Array.from({ length: layers }, (_, layer) => ({
    key: graph.input(cacheName('past', layer, 'key'), 'float32', shape),
    value: graph.input(cacheName('past', layer, 'value'), 'float32', shape),
  }));
  return cachedAttention(graph.root, {
    dimensions,
    positionIds: size.positionIds,
    past,
    seqlens: graph.input('seqlens', 'int32', [size.batch]),
    total: graph.input('total', 'int32', []),
    present: (layer, { key, value }) => {
      graph.output(cacheName('present', layer, 'key'), key);
      graph.output(cacheName('present', layer, 'value'), value);
    },
    ...(size.positions === undefined ? {} : { positions: size.positions }),
  });
}

function noCache(layer: number, layers: number): AppError {
  return new AppError({
    kind: 'bug',
    code: 'cache_layer',
    message: `attention of layer ${layer} has no cache: one of ${layers} layers was given`,
  });
}
