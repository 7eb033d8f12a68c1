import { gather } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';

/** The rows of `weight` [V, E] at ids [B, T]: [B, T, E]. */
export function embedding(at: Scope, weight: Value, ids: Value): Value {
  return gather(at, weight, ids, 0);
}
