import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Dim, GraphShape, Value } from '../value.js';
import { concat } from './concat.js';
import { int64s } from './constants.js';
import { one, sameDims } from './inputs.js';
import { dimension, isReadable } from './shape.js';

interface ReshapeAttributes {
  readonly shape: GraphShape;
}

// The same elements under another shape, so the gradient is reshaped back.
const reshapeOperator = defineOperator<ReshapeAttributes>({
  type: 'Reshape',
  infer: (inputs, { shape }) => {
    const x = one('Reshape', inputs);
    if (!mayFit(x.shape, shape)) {
      throw invalidGraph(`Reshape: [${x.shape.join()}] does not have the elements of [${shape.join()}]`);
    }
    return [{ dtype: x.dtype, shape }];
  },
  vjp: ({ at, input, gradient }) => [reshape(at, gradient, input(0).shape)],
});

/** False where the two shapes certainly differ in their number of elements. */
function mayFit(from: GraphShape, to: GraphShape): boolean {
  const [left, right] = [factors(from), factors(to)];
  return left.names !== right.names || left.product === right.product;
}

function factors(shape: GraphShape): { product: number; names: string } {
  const product = shape.reduce<number>((size, dim) => (typeof dim === 'number' ? size * dim : size), 1);
  const names = shape.flatMap((dim) => (typeof dim === 'string' ? dim.split('*') : []));
  return { product, names: names.sort().join('*') };
}

/**
 * x under another shape with as many elements. A size that is a name stays where it is in x, or is the one size
 * left to be computed (write the product of B and T as `B*T`), or is that of a graph input with an axis of the name.
 */
export function reshape(at: Scope, x: Value, shape: GraphShape): Value {
  if (sameDims(x.shape, shape)) return x;
  return at.apply1(reshapeOperator, [x, target(at, x.shape, shape)], { shape });
}

/** ONNX's notation: 0 = the size x has there, -1 = what is left over. */
function target(at: Scope, from: GraphShape, to: GraphShape): Value {
  const kept = (dim: Dim, axis: number): boolean => typeof dim === 'string' && from[axis] === dim;
  const open = to.filter((dim, axis) => typeof dim === 'string' && !kept(dim, axis));
  const code = (dim: Dim, axis: number): number => {
    if (typeof dim === 'number') return dim;
    return kept(dim, axis) ? 0 : -1;
  };
  if (open.length <= 1) return int64s(at, to.map(code));
  const inferred = to.indexOf(open.find((dim) => !isReadable(at, dim)) ?? open[0] ?? '');
  const parts = to.map((dim, axis) => {
    if (code(dim, axis) !== -1) return int64s(at, [code(dim, axis)]);
    return axis === inferred ? int64s(at, [-1]) : dimension(at, dim);
  });
  return concat(at, parts, 0);
}
