import type { Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { inferElementwise } from './broadcast.js';

// d(x + y) = dx + dy
const addOperator = defineOperator<undefined>({
  type: 'Add',
  infer: (inputs) => [inferElementwise('Add', inputs)],
  vjp: ({ gradient }) => [gradient, gradient],
});

/** x + y, broadcast. */
export function add(at: Scope, x: Value, y: Value): Value {
  return at.apply1(addOperator, [x, y], undefined);
}
