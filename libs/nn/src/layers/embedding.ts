import { dimProduct, gather, reshape } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';

/** The rows of `weight` [V, E] at ids [B, T], one after another: [B*T, E]. */
export function embedding(at: Scope, weight: Value, ids: Value): Value {
  return gather(at, weight, reshape(at, ids, [dimProduct(ids.shape)]), 0);
}
