import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Dim, Value } from '../value.js';
import { int64s } from './constants.js';
import { axisOf, dimAt, one, staticDim } from './inputs.js';
import { pad } from './pad.js';

interface SliceAttributes {
  readonly axis: number;
  /** First position; a negative one counts from the back. */
  readonly start: number;
  /** The position after the last; a negative one counts from the back. Left out: up to the end. */
  readonly end?: number | undefined;
}

/** ONNX cuts ends that lie behind the last position. */
const toTheEnd = Number.MAX_SAFE_INTEGER;

function bounds(size: number, { start, end }: SliceAttributes): { from: number; to: number } {
  const place = (position: number): number =>
    Math.min(Math.max(position < 0 ? position + size : position, 0), size);
  const from = place(start);
  return { from, to: Math.max(from, place(end ?? size)) };
}

function slicedDim(dim: Dim, attributes: SliceAttributes): Dim {
  if (typeof dim === 'number') {
    const { from, to } = bounds(dim, attributes);
    return to - from;
  }
  const { start, end } = attributes;
  if (end === undefined) {
    if (start === 0) return dim;
    if (start < 0) return -start;
    // What was joined as `3+T` comes apart again.
    const front = `${start}+`;
    return dim.startsWith(front) ? dim.slice(front.length) : `${dim}-${start}`;
  }
  if (start < 0 === end < 0 && end >= start) return end - start;
  throw invalidGraph(`Slice: ${start} to ${end} of an axis of size ${dim} has no size that is known`);
}

// y = x[start:end]; the gradient has zeros put around it.
const sliceOperator = defineOperator<SliceAttributes>({
  type: 'Slice',
  infer: (inputs, attributes) => {
    const { dtype, shape } = one('Slice', inputs);
    const sliced = slicedDim(dimAt(shape, attributes.axis), attributes);
    return [{ dtype, shape: shape.map((dim, axis) => (axis === attributes.axis ? sliced : dim)) }];
  },
  vjp: ({ at, input, gradient, attributes }) => {
    const { axis } = attributes;
    const size = staticDim('the gradient of Slice', dimAt(input(0).shape, axis));
    const { from, to } = bounds(size, attributes);
    return [pad(at, gradient, { axis, before: from, after: size - to })];
  },
});

/** The part of x from `start` to before `end` along one axis. */
export function slice(at: Scope, x: Value, attributes: SliceAttributes): Value {
  const axis = axisOf('Slice', attributes.axis, x.shape.length);
  const { start, end = toTheEnd } = attributes;
  const inputs = [x, int64s(at, [start]), int64s(at, [end]), int64s(at, [axis])];
  return at.apply1(sliceOperator, inputs, { axis, start, end: attributes.end });
}
