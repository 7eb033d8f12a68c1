import { tensor } from '@prad/tensor';
import type { Scope } from '../graph.js';
import { defineOperator, nonDifferentiable } from '../operator.js';
import type { Value } from '../value.js';
import { axisOf, one } from './inputs.js';

// Used on positions and masks, which carry no gradient.
const cumSumOperator = defineOperator<undefined>({
  type: 'CumSum',
  infer: (inputs) => {
    const { dtype, shape } = one('CumSum', inputs);
    return [{ dtype, shape }];
  },
  vjp: nonDifferentiable,
});

/** The running sum along an axis, the element itself included. */
export function cumSum(at: Scope, x: Value, axis: number): Value {
  const counted = axisOf('CumSum', axis, x.shape.length);
  return at.apply1(
    cumSumOperator,
    [x, at.constant(tensor('int64', [], BigInt64Array.of(BigInt(counted))))],
    undefined,
  );
}
