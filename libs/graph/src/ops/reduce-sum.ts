import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { GraphShape, Value } from '../value.js';
import { int64s } from './constants.js';
import { expandLike } from './expand.js';
import { reshape } from './reshape.js';

export interface ReduceAttributes {
  /** Not negative, increasing. */
  readonly axes: readonly number[];
  readonly keepdims: boolean;
}

/** The shape after reducing over `axes`. */
export function reducedShape(shape: GraphShape, { axes, keepdims }: ReduceAttributes): GraphShape {
  const outside = axes.find((axis) => axis < 0 || axis >= shape.length);
  if (outside !== undefined) throw invalidGraph(`reduction: axis ${outside} of [${shape.join()}]`);
  if (keepdims) return shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return shape.filter((_, axis) => !axes.includes(axis));
}

// y = sum_i x_i; dL/dx_i = dL/dy
const reduceSumOperator = defineOperator<ReduceAttributes>({
  type: 'ReduceSum',
  infer: ([x], attributes) => {
    if (!x) throw invalidGraph('ReduceSum: an input expected');
    return [{ dtype: x.dtype, shape: reducedShape(x.shape, attributes) }];
  },
  vjp: ({ at, inputs: [x], gradient, attributes }) => {
    if (!x) return [];
    const kept = reducedShape(x.shape, { axes: attributes.axes, keepdims: true });
    return [expandLike(at, attributes.keepdims ? gradient : reshape(at, gradient, kept), x)];
  },
  onnx: ({ keepdims }) => ({ keepdims: keepdims ? 1 : 0 }),
});

/** The sum over `axes`. */
export function reduceSum(at: Scope, x: Value, attributes: ReduceAttributes): Value {
  return at.apply1(reduceSumOperator, [x, int64s(at, attributes.axes)], attributes);
}
