import type { Scope } from '../graph.js';
import type { Value } from '../value.js';
import { exp } from './exp.js';
import { mul } from './mul.js';
import { neg } from './neg.js';
import { defineUnary } from './unary.js';
import { scalarLike } from './zeros.js';

// d erf x = 2 / sqrt(pi) e^(-x x) dx
const erfOperator = defineUnary('Erf', ({ at, input, gradient }) => {
  const x = input(0);
  const bell = exp(at, neg(at, mul(at, x, x)));
  return mul(at, gradient, mul(at, bell, scalarLike(at, x, 2 / Math.sqrt(Math.PI))));
});

/** The error function. */
export function erf(at: Scope, x: Value): Value {
  return at.apply1(erfOperator, [x], undefined);
}
