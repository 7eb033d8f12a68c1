import type { Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { inferElementwise } from './broadcast.js';
import { mul } from './mul.js';
import { neg } from './neg.js';

// z = x / y; dz = dx / y - z dy / y
const divOperator = defineOperator<undefined>({
  type: 'Div',
  infer: (inputs) => [inferElementwise('Div', inputs)],
  vjp: ({ at, input, output, gradient, needs }) => {
    const overY = div(at, gradient, input(1));
    return [overY, needs(1) ? neg(at, mul(at, overY, output(0))) : undefined];
  },
});

/** x / y, broadcast. */
export function div(at: Scope, x: Value, y: Value): Value {
  return at.apply1(divOperator, [x, y], undefined);
}
