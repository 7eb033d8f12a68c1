import { concat, expand, reshape, split, transpose } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';
import type { Dimensions } from '../architectures/architecture.js';

/** Keys and values that every row sees in front of its tokens: prefix tuning. */
export interface Prefix {
  /** P. */
  readonly length: number;
  /** Of a layer, [P, K, D] each; keys as they are after the rotation. */
  readonly of: (layer: number) => { readonly key: Value; readonly value: Value };
}

interface KeyValue {
  readonly key: Value;
  readonly value: Value;
}

/** The prefix in front of keys and values [B, K, T, D]: [B, K, P + T, D]. */
export function withPrefix(at: Scope, prefix: Prefix, layer: number, own: KeyValue): KeyValue {
  const rows = prefix.of(layer);
  const join = (front: Value, tokens: Value): Value => {
    const [batch = 1, kvHeads = 1, , headDim = 1] = tokens.shape;
    const byHead = transpose(at, reshape(at, front, [prefix.length, kvHeads, headDim]), [1, 0, 2]); // [K, P, D]
    return concat(at, [expand(at, byHead, [batch, kvHeads, prefix.length, headDim]), tokens], 2);
  };
  return { key: join(rows.key, own.key), value: join(rows.value, own.value) };
}

/** The prefix that rows [P, 2*L*K*D] hold: keys of layer l at 2l, values at 2l + 1. */
export function prefixOf(at: Scope, rows: Value, { layers, kvHeads, headDim }: Dimensions): Prefix {
  const length = Number(rows.shape[0]);
  const sizes = Array.from({ length: 2 * layers }, () => kvHeads * headDim);
  const parts = split(at, rows, { axis: 1, sizes });
  const part = (index: number): Value => reshape(at, parts[index] ?? rows, [length, kvHeads, headDim]);
  return { length, of: (layer) => ({ key: part(2 * layer), value: part(2 * layer + 1) }) };
}
