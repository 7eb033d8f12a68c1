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
export function prefixOf(at: Scope, rows: Value, { layers, kvHeads, headDim }: Dimensions): Prefix {
  const length = Number(rows.shape[0]);
  const sizes = Array.from({ length: 2 * layers }, () => kvHeads * headDim);
  const parts = split(at, rows, { axis: 1, sizes });
  const part = (place: Scope, index: number, batch: Dim): Value => {
    const byToken = reshape(place, parts[index] ?? rows, [length, kvHeads, headDim]);
    return expand(place, transpose(place, byToken, [1, 0, 2]), [batch, kvHeads, length, headDim]);
  };
  return {
    length,
    of: (place, layer, batch) => ({
      key: part(place, 2 * layer, batch),
      value: part(place, 2 * layer + 1, batch),
    }),
  };
}

/** For each row the prefix that `index` (int64 [B]) names; all have one length. */
export function prefixByRow(prefixes: readonly Prefix[], index: Value): Prefix {
  return {
    length: prefixes[0]?.length ?? 0,
    of: (at, layer) => {
      const all = prefixes.map((prefix) => prefix.of(at, layer, 1));
      const chosen = (values: readonly Value[]): Value => gather(at, concat(at, values, 0), index, 0);
      return { key: chosen(all.map(({ key }) => key)), value: chosen(all.map(({ value }) => value)) };
    },
  };
}
