import { add, erf, mul, quickGelu, scalar, tanh } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';

/** x sigmoid(x). */
export function silu(at: Scope, x: Value): Value {
  return quickGelu(at, x);
}

/** GPT-2's tanh approximation of GELU: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). */
export function geluNew(at: Scope, x: Value): Value {
  const cube = mul(at, mul(at, x, x), x);
  const inner = add(at, x, mul(at, cube, scalar(at, 0.044715)));
  const bent = tanh(at, mul(at, inner, scalar(at, Math.sqrt(2 / Math.PI))));
  return mul(at, mul(at, x, scalar(at, 0.5)), add(at, bent, scalar(at, 1)));
}

/** The exact GELU: x/2 (1 + erf(x / sqrt 2)). */
export function gelu(at: Scope, x: Value): Value {
  const bent = erf(at, mul(at, x, scalar(at, Math.SQRT1_2)));
  return mul(at, mul(at, x, scalar(at, 0.5)), add(at, bent, scalar(at, 1)));
}
