import type { Scope } from '../graph.js';
import type { Value } from '../value.js';
import { mul } from './mul.js';
import { sub } from './sub.js';
import { defineUnary } from './unary.js';
import { scalarLike } from './zeros.js';

// y = tanh x; dy = (1 - y y) dx
const tanhOperator = defineUnary('Tanh', ({ at, output, gradient }) => {
  const y = output(0);
  return mul(at, gradient, sub(at, scalarLike(at, y, 1), mul(at, y, y)));
});

/** The hyperbolic tangent. */
export function tanh(at: Scope, x: Value): Value {
  return at.apply1(tanhOperator, [x], undefined);
}
