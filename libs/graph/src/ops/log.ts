import type { Scope } from '../graph.js';
import type { Value } from '../value.js';
import { div } from './div.js';
import { defineUnary } from './unary.js';

// d ln x = dx / x
const logOperator = defineUnary('Log', ({ at, input, gradient }) => div(at, gradient, input(0)));

/** The natural logarithm. */
export function log(at: Scope, x: Value): Value {
  return at.apply1(logOperator, [x], undefined);
}
