import type { Scope } from '../graph.js';
import { defineOperator, nonDifferentiable } from '../operator.js';
import type { Value } from '../value.js';
import { axisOf, one } from './inputs.js';
import { reducedShape } from './reduction.js';

interface ArgMaxAttributes {
  readonly axis: number;
  readonly keepdims: boolean;
}

// A choice is a step: no gradient.
const argMaxOperator = defineOperator<ArgMaxAttributes>({
  type: 'ArgMax',
  infer: (inputs, { axis, keepdims }) => {
    const { shape } = one('ArgMax', inputs);
    return [{ dtype: 'int64', shape: reducedShape(shape, { axes: [axis], keepdims }) }];
  },
  vjp: nonDifferentiable,
  onnx: ({ axis, keepdims }) => ({ axis, keepdims: keepdims ? 1 : 0 }),
});

/** Where the largest lies along an axis (the first of equal ones), int64. */
export function argMax(at: Scope, x: Value, { axis, keepdims }: ArgMaxAttributes): Value {
  return at.apply1(argMaxOperator, [x], { axis: axisOf('ArgMax', axis, x.shape.length), keepdims });
}
