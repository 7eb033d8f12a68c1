import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { GraphShape, Value } from '../value.js';
import { int64s } from './constants.js';
import { axisOf, dimAt, one } from './inputs.js';

interface AxesAttributes {
  readonly axes: readonly number[];
}

function withoutAxes(shape: GraphShape, axes: readonly number[]): GraphShape {
  const wide = axes.find((axis) => dimAt(shape, axis) !== 1);
  if (wide !== undefined) throw invalidGraph(`Squeeze: axis ${wide} of [${shape.join()}] is not of size 1`);
  return shape.filter((_, axis) => !axes.includes(axis));
}

// Axes of size 1 come and go: the gradient has them put back.
const squeezeOperator = defineOperator<AxesAttributes>({
  type: 'Squeeze',
  infer: (inputs, { axes }) => {
    const { dtype, shape } = one('Squeeze', inputs);
    return [{ dtype, shape: withoutAxes(shape, axes) }];
  },
  vjp: ({ at, gradient, attributes: { axes } }) => [unsqueeze(at, gradient, axes)],
});

const unsqueezeOperator = defineOperator<AxesAttributes>({
  type: 'Unsqueeze',
  infer: (inputs, { axes }) => {
    const { dtype, shape } = one('Unsqueeze', inputs);
    const rest = [...shape];
    const rank = shape.length + axes.length;
    const result = Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : (rest.shift() ?? 1)));
    return [{ dtype, shape: result }];
  },
  vjp: ({ at, gradient, attributes: { axes } }) => [squeeze(at, gradient, axes)],
});

/** x without the axes (of size 1). */
export function squeeze(at: Scope, x: Value, axes: readonly number[]): Value {
  const counted = axes.map((axis) => axisOf('Squeeze', axis, x.shape.length));
  return at.apply1(squeezeOperator, [x, int64s(at, counted)], { axes: counted });
}

/** x with axes of size 1 put in; `axes` are places in the result. */
export function unsqueeze(at: Scope, x: Value, axes: readonly number[]): Value {
  const counted = axes.map((axis) => axisOf('Unsqueeze', axis, x.shape.length + axes.length));
  if (new Set(counted).size !== counted.length) throw invalidGraph(`Unsqueeze: axes [${axes.join()}] repeat`);
  return at.apply1(unsqueezeOperator, [x, int64s(at, counted)], { axes: counted });
}
