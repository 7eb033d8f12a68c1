import type { Scope } from '../graph.js';
import type { Value } from '../value.js';
import { defineUnary } from './unary.js';

// d(-x) = -dx
const negOperator = defineUnary('Neg', ({ at, gradient }) => neg(at, gradient));

/** -x. */
export function neg(at: Scope, x: Value): Value {
  return at.apply1(negOperator, [x], undefined);
}
