import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { broadcastShapes } from './broadcast.js';
import { three } from './inputs.js';
import { zeroScalar } from './zeros.js';

// d where(c, x, y) = where(c, dx, dy)
const whereOperator = defineOperator<undefined>({
  type: 'Where',
  infer: (inputs) => {
    const [condition, x, y] = three('Where', inputs);
    if (condition.dtype !== 'bool')
      throw invalidGraph(`Where: the condition must be bool, got ${condition.dtype}`);
    if (x.dtype !== y.dtype) throw invalidGraph(`Where: ${x.dtype} and ${y.dtype} do not mix`);
    const chosen = broadcastShapes('Where', x.shape, y.shape);
    return [{ dtype: x.dtype, shape: broadcastShapes('Where', condition.shape, chosen) }];
  },
  vjp: ({ at, input, gradient, needs }) => {
    const zero = zeroScalar(at, gradient.dtype);
    return [
      undefined,
      needs(1) ? where(at, input(0), gradient, zero) : undefined,
      needs(2) ? where(at, input(0), zero, gradient) : undefined,
    ];
  },
});

/** x where the condition (bool) holds, else y; all three broadcast. */
export function where(at: Scope, condition: Value, x: Value, y: Value): Value {
  return at.apply1(whereOperator, [condition, x, y], undefined);
}
