import { dimProduct, equal, gather, int64s, reshape, unsqueeze, where } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';

/** `embedded` [N, E] with row index[b, t] of the table at every position where that is not 0. */
export function withVirtualRows(at: Scope, embedded: Value, index: Value, table: Value): Value {
  const flat = reshape(at, index, [dimProduct(index.shape)]); // [N]
  const real = unsqueeze(at, equal(at, flat, int64s(at, [0])), [1]); // [N, 1]
  return where(at, real, embedded, gather(at, table, flat, 0));
}
