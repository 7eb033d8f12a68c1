import type { Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { exp } from './exp.js';
import { axisOf, one } from './inputs.js';
import { mul } from './mul.js';
import { reduceSum } from './reduce-sum.js';
import { sub } from './sub.js';

interface LogSoftmaxAttributes {
  readonly axis: number;
}

// y_i = x_i - ln sum_j e^x_j;  dL/dx_i = g_i - e^y_i sum_j g_j
const logSoftmaxOperator = defineOperator<LogSoftmaxAttributes>({
  type: 'LogSoftmax',
  infer: (inputs) => {
    const { dtype, shape } = one('LogSoftmax', inputs);
    return [{ dtype, shape }];
  },
  vjp: ({ at, output, gradient, attributes: { axis } }) => {
    const sum = reduceSum(at, gradient, { axes: [axis], keepdims: true });
    return [sub(at, gradient, mul(at, exp(at, output(0)), sum))];
  },
  onnx: ({ axis }) => ({ axis }),
});

/** The logarithm of the softmax along an axis. */
export function logSoftmax(at: Scope, x: Value, axis: number): Value {
  return at.apply1(logSoftmaxOperator, [x], { axis: axisOf('LogSoftmax', axis, x.shape.length) });
}
