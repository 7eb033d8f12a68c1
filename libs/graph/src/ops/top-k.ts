import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator, nonDifferentiable } from '../operator.js';
import type { Value } from '../value.js';
import { int64s } from './constants.js';
import { axisOf, dimAt, one } from './inputs.js';

interface TopKAttributes {
  readonly k: number;
  readonly axis: number;
}

// A choice is a step: no gradient.
const topKOperator = defineOperator<TopKAttributes>({
  type: 'TopK',
  infer: (inputs, { k, axis }) => {
    const { dtype, shape } = one('TopK', inputs);
    const size = dimAt(shape, axis);
    if (k < 1 || (typeof size === 'number' && k > size))
      throw invalidGraph(`TopK: ${k} of [${shape.join()}]`);
    const chosen = shape.map((dim, index) => (index === axis ? k : dim));
    return [
      { dtype, shape: chosen },
      { dtype: 'int64', shape: chosen },
    ];
  },
  vjp: nonDifferentiable,
  onnx: ({ axis }) => ({ axis }),
});

/** The k largest along an axis, the largest first, and where they lie (int64). */
export function topK(at: Scope, x: Value, { k, axis }: TopKAttributes): { values: Value; indices: Value } {
  const counted = axisOf('TopK', axis, x.shape.length);
  const [values, indices] = at.apply(topKOperator, [x, int64s(at, [k])], { k, axis: counted });
  if (!values || !indices) throw invalidGraph(`${at.path}: TopK has two outputs`);
  return { values, indices };
}
