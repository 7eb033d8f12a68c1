import type { Scope } from '../graph.js';
import type { Value } from '../value.js';
import { mul } from './mul.js';
import { defineUnary } from './unary.js';

// y = e^x; dy = y dx
const expOperator = defineUnary('Exp', ({ at, output, gradient }) => mul(at, gradient, output(0)));

/** e to the power of x. */
export function exp(at: Scope, x: Value): Value {
  return at.apply1(expOperator, [x], undefined);
}
