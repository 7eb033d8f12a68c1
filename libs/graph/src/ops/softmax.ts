import type { Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { axisOf, one } from './inputs.js';
import { mul } from './mul.js';
import { reduceSum } from './reduce-sum.js';
import { sub } from './sub.js';

interface SoftmaxAttributes {
  readonly axis: number;
}

// y_i = e^x_i / sum_j e^x_j;  dL/dx_i = y_i (g_i - sum_j g_j y_j)
const softmaxOperator = defineOperator<SoftmaxAttributes>({
  type: 'Softmax',
  infer: (inputs) => {
    const { dtype, shape } = one('Softmax', inputs);
    return [{ dtype, shape }];
  },
  vjp: ({ at, output, gradient, attributes: { axis } }) => {
    const y = output(0);
    const mean = reduceSum(at, mul(at, gradient, y), { axes: [axis], keepdims: true });
    return [mul(at, y, sub(at, gradient, mean))];
  },
  onnx: ({ axis }) => ({ axis }),
});

/** e^x as shares of their sum along an axis. */
export function softmax(at: Scope, x: Value, axis: number): Value {
  return at.apply1(softmaxOperator, [x], { axis: axisOf('Softmax', axis, x.shape.length) });
}
