import { mul, scalar, tanh } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';

/** cap tanh(x / cap), which keeps values below the cap; x itself where there is none. */
export function softCap(at: Scope, x: Value, cap: number | undefined): Value {
  if (cap === undefined) return x;
  return mul(at, tanh(at, mul(at, x, scalar(at, 1 / cap))), scalar(at, cap));
}
