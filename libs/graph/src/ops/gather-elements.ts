import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { requireIndices } from './gather.js';
import { axisOf, two } from './inputs.js';
import { scatterElements } from './scatter-elements.js';
import { zerosLike } from './zeros.js';

interface GatherElementsAttributes {
  readonly axis: number;
}

// y[i, j] = x[i, index_ij]; dL/dx sums dL/dy over the places that took the same element.
const gatherElementsOperator = defineOperator<GatherElementsAttributes>({
  type: 'GatherElements',
  infer: (inputs) => {
    const [x, indices] = two('GatherElements', inputs);
    requireIndices('GatherElements', indices);
    if (x.shape.length !== indices.shape.length) {
      throw invalidGraph(`GatherElements: ranks of [${x.shape.join()}] and [${indices.shape.join()}] differ`);
    }
    return [{ dtype: x.dtype, shape: indices.shape }];
  },
  vjp: ({ at, input, gradient, attributes: { axis } }) => {
    const scattered = { data: zerosLike(at, input(0)), indices: input(1), updates: gradient };
    return [scatterElements(at, scattered, { axis, reduction: 'add' }), undefined];
  },
  onnx: ({ axis }) => ({ axis }),
});

/** One element of x along an axis for each element of `indices`, which has the rank of x. */
export function gatherElements(at: Scope, x: Value, indices: Value, axis: number): Value {
  return at.apply1(gatherElementsOperator, [x, indices], {
    axis: axisOf('GatherElements', axis, x.shape.length),
  });
}
