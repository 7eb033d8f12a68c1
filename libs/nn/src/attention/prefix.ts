import { concat, expand, gather, reshape, split, transpose } from '@prad/graph';
import type { Dim, Scope, Value } from '@prad/graph';
import type { Dimensions } from '../architectures/architecture.js';

interface KeyValue {
  readonly key: Value;
  readonly value: Value;
}

/** Keys and values that rows see in front of their tokens: prefix tuning. */
export interface Prefix {
  /** P. */
  readonly length: number;
  /** Of a layer, for the rows of a batch, [B, K, P, D] each; keys as they are after the rotation. */
  readonly of: (at: Scope, layer: number, batch: Dim) => KeyValue;
}

/** The prefix in front of keys and values [B, K, T, D]: [B, K, P + T, D]. */
export function withPrefix(at: Scope, prefix: Prefix, layer: number, own: KeyValue): KeyValue {
  const front = prefix.of(at, layer, own.key.shape[0] ?? 1);
  return {
    key: concat(at, [front.key, own.key], 2),
    value: concat(at, [front.value, own.value], 2),
  };
}

/** One prefix for every row, from rows [P, 2*L*K*D]: keys of layer l at 2l, values at 2l + 1. */
export function prefixOf(at: Scope, rows: Value, dimensions: Dimensions): Prefix {
  const length = Number(rows.shape[0]);
  const { kvHeads, headDim } = dimensions;
  return laidOut(at, rows, dimensions, length, (place, part, batch) => {
    const byHead = transpose(place, reshape(place, part, [length, kvHeads, headDim]), [1, 0, 2]);
    return expand(place, byHead, [batch, kvHeads, length, headDim]);
  });
}

/** For each row of the batch the prefix that `index` (int64 [B]) names, from rows [J, P, 2*L*K*D] of J prefixes. */
export function prefixByRow(at: Scope, rows: Value, dimensions: Dimensions, index: Value): Prefix {
  const [count = 1, length] = rows.shape;
  const { kvHeads, headDim } = dimensions;
  return laidOut(at, rows, dimensions, Number(length), (place, part) => {
    const byToken = reshape(place, part, [count, Number(length), kvHeads, headDim]);
    return gather(place, transpose(place, byToken, [0, 2, 1, 3]), index, 0);
  });
}

function laidOut(
  at: Scope,
  rows: Value,
  { layers, kvHeads, headDim }: Dimensions,
  length: number,
  forRows: (at: Scope, part: Value, batch: Dim) => Value,
): Prefix {
  const sizes = Array.from({ length: 2 * layers }, () => kvHeads * headDim);
  const parts = split(at, rows, { axis: -1, sizes });
  return {
    length,
    of: (place, layer, batch) => ({
      key: forRows(place.at('key'), parts[2 * layer] ?? rows, batch),
      value: forRows(place.at('value'), parts[2 * layer + 1] ?? rows, batch),
    }),
  };
}
