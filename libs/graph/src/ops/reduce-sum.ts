import type { Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { int64s } from './constants.js';
import { expandLike } from './expand.js';
import { one } from './inputs.js';
import { keptShape, normalise, reducedShape, type ReduceAttributes } from './reduction.js';
import { reshape } from './reshape.js';

// y = sum_i x_i; dL/dx_i = dL/dy
const reduceSumOperator = defineOperator<ReduceAttributes>({
  type: 'ReduceSum',
  infer: (inputs, attributes) => {
    const { dtype, shape } = one('ReduceSum', inputs);
    return [{ dtype, shape: reducedShape(shape, attributes) }];
  },
  vjp: ({ at, input, gradient, attributes: { axes } }) => {
    const x = input(0);
    return [expandLike(at, reshape(at, gradient, keptShape(x.shape, axes)), x)];
  },
  onnx: ({ keepdims }) => ({ keepdims: keepdims ? 1 : 0 }),
});

/** The sum over `axes`. */
export function reduceSum(at: Scope, x: Value, attributes: ReduceAttributes): Value {
  const normalised = normalise('ReduceSum', x, attributes);
  return at.apply1(reduceSumOperator, [x, int64s(at, normalised.axes)], normalised);
}
