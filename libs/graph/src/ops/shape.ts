import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator, nonDifferentiable } from '../operator.js';
import type { Dim, GraphShape, Value } from '../value.js';
import { concat } from './concat.js';
import { int64s } from './constants.js';
import { one } from './inputs.js';
import { mul } from './mul.js';

interface ShapeAttributes {
  readonly start: number;
  readonly end: number;
}

// Sizes are whole numbers: no gradient.
const shapeOperator = defineOperator<ShapeAttributes>({
  type: 'Shape',
  infer: (inputs, { start, end }) => {
    const { shape } = one('Shape', inputs);
    if (start < 0 || end > shape.length || start > end) {
      throw invalidGraph(`Shape: axes ${start} to ${end} of [${shape.join()}]`);
    }
    return [{ dtype: 'int64', shape: [end - start] }];
  },
  vjp: nonDifferentiable,
  onnx: ({ start, end }) => ({ start, end }),
});

/** The sizes of the axes from `start` to before `end` (all by default) as they are when the graph runs, int64. */
export function shapeOf(at: Scope, x: Value, start = 0, end: number = x.shape.length): Value {
  return at.apply1(shapeOperator, [x], { start, end });
}

/** A shape as an int64 vector; sizes that are names are read from the graph inputs that have them. */
export function shapeVector(at: Scope, shape: GraphShape): Value {
  if (shape.every((dim) => typeof dim === 'number')) return int64s(at, shape);
  return concat(
    at,
    shape.map((dim) => dimension(at, dim)),
    0,
  );
}

/** Whether `dimension` knows where to read the size. */
export function isReadable(at: Scope, dim: Dim): boolean {
  if (typeof dim === 'number' || /^\d+$/.test(dim)) return true;
  if (at.graph.inputs.some((input) => input.shape.includes(dim))) return true;
  return dim.includes('*') && dim.split('*').every((factor) => isReadable(at, factor));
}

/** One size as an int64 vector of length 1. `B*T` is the product of B and T, `T*3` of T and 3. */
export function dimension(at: Scope, dim: Dim): Value {
  if (typeof dim === 'number' || /^\d+$/.test(dim)) return int64s(at, [Number(dim)]);
  const source = at.graph.inputs.find((input) => input.shape.includes(dim));
  if (source) {
    const axis = source.shape.indexOf(dim);
    return shapeOf(at, source, axis, axis + 1);
  }
  const [first, ...others] = dim.split('*');
  if (first === undefined || others.length === 0) {
    throw invalidGraph(`${at.path}: no graph input has an axis of the size ${dim}`);
  }
  return others.reduce((product, factor) => mul(at, product, dimension(at, factor)), dimension(at, first));
}
