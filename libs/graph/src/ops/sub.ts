import type { Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { inferElementwise } from './broadcast.js';
import { neg } from './neg.js';

// d(x - y) = dx - dy
const subOperator = defineOperator<undefined>({
  type: 'Sub',
  infer: (inputs) => [inferElementwise('Sub', inputs)],
  vjp: ({ at, gradient, needs }) => [gradient, needs(1) ? neg(at, gradient) : undefined],
});

/** x - y, broadcast. */
export function sub(at: Scope, x: Value, y: Value): Value {
  return at.apply1(subOperator, [x, y], undefined);
}
