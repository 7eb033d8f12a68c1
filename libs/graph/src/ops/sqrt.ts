import type { Scope } from '../graph.js';
import type { Value } from '../value.js';
import { div } from './div.js';
import { mul } from './mul.js';
import { defineUnary } from './unary.js';
import { scalarLike } from './zeros.js';

// y = sqrt(x); dy = dx / (2 y)
const sqrtOperator = defineUnary('Sqrt', ({ at, output, gradient }) =>
  div(at, mul(at, gradient, scalarLike(at, gradient, 0.5)), output(0)),
);

/** The square root. */
export function sqrt(at: Scope, x: Value): Value {
  return at.apply1(sqrtOperator, [x], undefined);
}
