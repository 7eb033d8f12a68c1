import type { Scope } from '../graph.js';
import { defineOperator, nonDifferentiable } from '../operator.js';
import type { Value } from '../value.js';
import { inferElementwise } from './broadcast.js';

// Of whole numbers: no gradient.
const modOperator = defineOperator<undefined>({
  type: 'Mod',
  infer: (inputs) => [inferElementwise('Mod', inputs)],
  vjp: nonDifferentiable,
});

/** The remainder of x / y with the sign of y, broadcast; whole numbers. */
export function mod(at: Scope, x: Value, y: Value): Value {
  return at.apply1(modOperator, [x, y], undefined);
}
