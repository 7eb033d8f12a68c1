import type { Scope } from '../graph.js';
import type { Value } from '../value.js';
import { mul } from './mul.js';
import { sub } from './sub.js';
import { defineUnary } from './unary.js';
import { scalarLike } from './zeros.js';

// y = 1 / (1 + e^-x); dy = y (1 - y) dx
const sigmoidOperator = defineUnary('Sigmoid', ({ at, output, gradient }) => {
  const y = output(0);
  return mul(at, gradient, mul(at, y, sub(at, scalarLike(at, y, 1), y)));
});

/** 1 / (1 + e^-x). */
export function sigmoid(at: Scope, x: Value): Value {
  return at.apply1(sigmoidOperator, [x], undefined);
}
