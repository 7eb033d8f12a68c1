import type { Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { inferElementwise } from './broadcast.js';
import { less } from './compare.js';
import { where } from './where.js';
import { zeroScalar } from './zeros.js';

// d max(x, y) = dx where x >= y, else dy (a tie goes to x)
const maximumOperator = defineOperator<undefined>({
  type: 'Max',
  infer: (inputs) => [inferElementwise('Max', inputs)],
  vjp: ({ at, input, gradient }) => {
    const zero = zeroScalar(at, gradient.dtype);
    const takesY = less(at, input(0), input(1));
    return [where(at, takesY, zero, gradient), where(at, takesY, gradient, zero)];
  },
});

/** The larger of x and y, broadcast. */
export function maximum(at: Scope, x: Value, y: Value): Value {
  return at.apply1(maximumOperator, [x, y], undefined);
}
