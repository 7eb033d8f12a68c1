import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value, ValueType } from '../value.js';
import { dimProduct } from './dim-product.js';
import { expandLike } from './expand.js';
import { axisOf, two } from './inputs.js';
import { reshape } from './reshape.js';
import { scatterElements } from './scatter-elements.js';
import { zerosLike } from './zeros.js';

interface GatherAttributes {
  readonly axis: number;
}

/** Throws unless the dtype can index. */
export function requireIndices(operator: string, { dtype }: ValueType): void {
  if (dtype !== 'int64' && dtype !== 'int32')
    throw invalidGraph(`${operator}: whole indices expected, got ${dtype}`);
}

// y[.., i, ..] = x[.., index_i, ..]; dL/dx sums dL/dy over the places that took the same index.
const gatherOperator = defineOperator<GatherAttributes>({
  type: 'Gather',
  infer: (inputs, { axis }) => {
    const [x, indices] = two('Gather', inputs);
    requireIndices('Gather', indices);
    return [
      { dtype: x.dtype, shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)] },
    ];
  },
  vjp: ({ at, input, gradient, attributes: { axis } }) => {
    const [x, indices] = [input(0), input(1)];
    const count = dimProduct(indices.shape);
    const rows = x.shape.map((dim, index) => (index === axis ? count : dim));
    const places = reshape(
      at,
      indices,
      x.shape.map((_, index) => (index === axis ? count : 1)),
    );
    const updates = reshape(at, gradient, rows);
    const scattered = { data: zerosLike(at, x), indices: expandLike(at, places, updates), updates };
    return [scatterElements(at, scattered, { axis, reduction: 'add' }), undefined];
  },
  onnx: ({ axis }) => ({ axis }),
});

/** The slices of x along an axis that `indices` (of any shape, whole numbers) name. */
export function gather(at: Scope, x: Value, indices: Value, axis: number): Value {
  return at.apply1(gatherOperator, [x, indices], { axis: axisOf('Gather', axis, x.shape.length) });
}
