import type { Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { int64s } from './constants.js';
import { expandLike } from './expand.js';
import { dimAt, one, staticDim } from './inputs.js';
import { mul } from './mul.js';
import { keptShape, normalise, reducedShape, type ReduceAttributes } from './reduction.js';
import { reshape } from './reshape.js';
import { scalarLike } from './zeros.js';

// y = sum_i x_i / n; dL/dx_i = dL/dy / n
const reduceMeanOperator = defineOperator<ReduceAttributes>({
  type: 'ReduceMean',
  infer: (inputs, attributes) => {
    const { dtype, shape } = one('ReduceMean', inputs);
    return [{ dtype, shape: reducedShape(shape, attributes) }];
  },
  vjp: ({ at, input, gradient, attributes: { axes } }) => {
    const x = input(0);
    const sizes = axes.map((axis) => staticDim('the gradient of ReduceMean', dimAt(x.shape, axis)));
    const count = sizes.reduce((product, size) => product * size, 1);
    const share = mul(
      at,
      reshape(at, gradient, keptShape(x.shape, axes)),
      scalarLike(at, gradient, 1 / count),
    );
    return [expandLike(at, share, x)];
  },
  onnx: ({ keepdims }) => ({ keepdims: keepdims ? 1 : 0 }),
});

/** The mean over `axes`. */
export function reduceMean(at: Scope, x: Value, attributes: ReduceAttributes): Value {
  const normalised = normalise('ReduceMean', x, attributes);
  return at.apply1(reduceMeanOperator, [x, int64s(at, normalised.axes)], normalised);
}
