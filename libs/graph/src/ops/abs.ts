import type { Scope } from '../graph.js';
import type { Value } from '../value.js';
import { greater, less } from './compare.js';
import { neg } from './neg.js';
import { defineUnary } from './unary.js';
import { where } from './where.js';
import { zeroScalar } from './zeros.js';

// d |x| = sign(x) dx, 0 at 0
const absOperator = defineUnary('Abs', ({ at, input, gradient }) => {
  const zero = zeroScalar(at, gradient.dtype);
  const below = where(at, less(at, input(0), zero), neg(at, gradient), zero);
  return where(at, greater(at, input(0), zero), gradient, below);
});

/** |x|. */
export function abs(at: Scope, x: Value): Value {
  return at.apply1(absOperator, [x], undefined);
}
