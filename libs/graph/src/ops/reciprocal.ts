import type { Scope } from '../graph.js';
import type { Value } from '../value.js';
import { mul } from './mul.js';
import { neg } from './neg.js';
import { defineUnary } from './unary.js';

// y = 1 / x; dy = -y y dx
const reciprocalOperator = defineUnary('Reciprocal', ({ at, output, gradient }) =>
  neg(at, mul(at, gradient, mul(at, output(0), output(0)))),
);

/** 1 / x. */
export function reciprocal(at: Scope, x: Value): Value {
  return at.apply1(reciprocalOperator, [x], undefined);
}
