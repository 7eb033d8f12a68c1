import { dimProduct, groupQueryAttention, reshape } from '@prad/graph';
import type { Dim, Graph, Scope, Value } from '@prad/graph';
import { AppError } from '@prad/errors';
import type { Dimensions } from '../architectures/architecture.js';
import type { Attention, Projections } from './attention.js';
import { ropeTables, rotations } from './rotations.js';

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
  readonly positions?: number | undefined;
}

// The fused rotation of GroupQueryAttention takes whole heads, of multiples of this only.
const FUSED_ROTARY_MULTIPLE = 16;

/**
 * Attention over a preallocated cache, for prefill and decode; no gradient. Rows are padded on the right in a
 * prompt; `seqlens` says what is valid, so rows of different lengths share a step.
 */
function cachedAttention(at: Scope, inputs: CachedAttentionInputs): Attention {
  const { dimensions, positionIds, past, seqlens, total, present } = inputs;
  const { heads, kvHeads, headDim } = dimensions;
  const [batch, tokens] = positionIds.shape as [Dim, Dim];
  const tables = ropeTables(at, dimensions, inputs.positions);
  const rotate = rotations(at, dimensions, positionIds, inputs.positions);
  return (place, layer, projections) => {
    const cache = past[layer];
    if (!cache) throw noCache(layer, past.length);
    const { scale, softcap, window, rope } = dimensions.attention(layer);
    const inside = !rope || (rope.rotaryDim === headDim && headDim % FUSED_ROTARY_MULTIPLE === 0);
    const byRow = (x: Value): Value => reshape(place, x, [batch, tokens, x.shape[1] ?? 1]); // [B, T, *]
    const { output, presentKey, presentValue } = groupQueryAttention(
      place,
      {
        ...(inside
          ? projected(projections, byRow)
          : projected(projections, byRow, (x) => rotate(place, layer, x))),
        pastKey: cache.key,
        pastValue: cache.value,
        seqlens,
        total,
        rope: inside ? tables(layer)?.table : undefined,
      },
      { heads, kvHeads, scale, softcap, window },
    );
    present(layer, { key: presentKey, value: presentValue });
    return reshape(place, output, [dimProduct([batch, tokens]), heads * headDim]);
  };
}

/** What the operator is given: one product of queries, keys and values where it is one, or the three. */
function projected(
  { query, key, value }: Projections,
  byRow: (x: Value) => Value,
  rotate?: (x: Value) => Value,
): { readonly query: Value; readonly key?: Value; readonly value?: Value } {
  const packed = rotate ? undefined : packedProjections([query, key, value]);
  if (packed) return { query: byRow(packed) };
  const turned = (x: Value): Value => (rotate ? rotate(byRow(x)) : byRow(x));
  return { query: turned(query), key: turned(key), value: byRow(value) };
}

/** The product that was split into exactly these parts, where nothing has changed them since. */
function packedProjections(parts: readonly Value[]): Value | undefined {
  const node = parts[0]?.node;
  if (node?.operator.type !== 'Split' || node.outputs.length !== parts.length) return undefined;
  return node.outputs.every((output, index) => output === parts[index]) ? node.inputs[0] : undefined;
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
    positions: size.positions,
  });
}

function noCache(layer: number, layers: number): AppError {
  return new AppError({
    kind: 'bug',
    code: 'cache_layer',
    message: `attention of layer ${layer} has no cache: one of ${layers} layers was given`,
  });
}
