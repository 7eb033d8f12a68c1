import type { Scope } from '../graph.js';
import type { Value } from '../value.js';
import { greater } from './compare.js';
import { defineUnary } from './unary.js';
import { where } from './where.js';
import { zeroScalar } from './zeros.js';

// d max(x, 0) = dx where x > 0, else 0
const reluOperator = defineUnary('Relu', ({ at, input, gradient }) => {
  const zero = zeroScalar(at, gradient.dtype);
  return where(at, greater(at, input(0), zero), gradient, zero);
});

/** max(x, 0). */
export function relu(at: Scope, x: Value): Value {
  return at.apply1(reluOperator, [x], undefined);
}
