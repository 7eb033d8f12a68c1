import type { Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { inferElementwise } from './broadcast.js';
import { greater } from './compare.js';
import { where } from './where.js';
import { zeroScalar } from './zeros.js';

// d min(x, y) = dx where x <= y, else dy (a tie goes to x)
const minimumOperator = defineOperator<undefined>({
  type: 'Min',
  infer: (inputs) => [inferElementwise('Min', inputs)],
  vjp: ({ at, input, gradient }) => {
    const zero = zeroScalar(at, gradient.dtype);
    const takesY = greater(at, input(0), input(1));
    return [where(at, takesY, zero, gradient), where(at, takesY, gradient, zero)];
  },
});

/** The smaller of x and y, broadcast. */
export function minimum(at: Scope, x: Value, y: Value): Value {
  return at.apply1(minimumOperator, [x, y], undefined);
}
