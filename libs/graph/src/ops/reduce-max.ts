import type { Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { cast } from './cast.js';
import { equal } from './compare.js';
import { int64s } from './constants.js';
import { div } from './div.js';
import { one } from './inputs.js';
import { mul } from './mul.js';
import { keptShape, normalise, reducedShape, type ReduceAttributes } from './reduction.js';
import { reduceSum } from './reduce-sum.js';
import { reshape } from './reshape.js';

// y = max_i x_i; dL/dx_i = dL/dy / (number of maxima) where x_i = y, else 0
const reduceMaxOperator = defineOperator<ReduceAttributes>({
  type: 'ReduceMax',
  infer: (inputs, attributes) => {
    const { dtype, shape } = one('ReduceMax', inputs);
    return [{ dtype, shape: reducedShape(shape, attributes) }];
  },
  vjp: ({ at, input, output, gradient, attributes: { axes } }) => {
    const x = input(0);
    const kept = keptShape(x.shape, axes);
    const largest = cast(at, equal(at, x, reshape(at, output(0), kept)), gradient.dtype);
    const share = div(at, reshape(at, gradient, kept), reduceSum(at, largest, { axes, keepdims: true }));
    return [mul(at, largest, share)];
  },
  onnx: ({ keepdims }) => ({ keepdims: keepdims ? 1 : 0 }),
});

/** The largest over `axes`. */
export function reduceMax(at: Scope, x: Value, attributes: ReduceAttributes): Value {
  const normalised = normalise('ReduceMax', x, attributes);
  return at.apply1(reduceMaxOperator, [x, int64s(at, normalised.axes)], normalised);
}
