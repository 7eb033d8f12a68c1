import type { Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { inferElementwise } from './broadcast.js';

// d(x y) = y dx + x dy
const mulOperator = defineOperator<undefined>({
  type: 'Mul',
  infer: (inputs) => [inferElementwise('Mul', inputs)],
  vjp: ({ at, input, gradient, needs }) => [
    needs(0) ? mul(at, gradient, input(1)) : undefined,
    needs(1) ? mul(at, gradient, input(0)) : undefined,
  ],
});

/** x * y, broadcast. */
export function mul(at: Scope, x: Value, y: Value): Value {
  return at.apply1(mulOperator, [x, y], undefined);
}
