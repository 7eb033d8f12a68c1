import { invalidGraph } from '../graph.js';
import type { GraphShape, Value } from '../value.js';
import { axisOf } from './inputs.js';

export interface ReduceAttributes {
  /** At least one; negative ones count from the back. */
  readonly axes: readonly number[];
  /** Whether the reduced axes stay, with size 1. */
  readonly keepdims: boolean;
}

/** The attributes with axes counted from the front, in increasing order. */
export function normalise(
  operator: string,
  x: Value,
  { axes, keepdims }: ReduceAttributes,
): ReduceAttributes {
  // ONNX reads an empty list of axes as all of them, which is never meant here.
  if (axes.length === 0) throw invalidGraph(`${operator}: no axes to reduce over`);
  const counted = axes.map((axis) => axisOf(operator, axis, x.shape.length)).sort((a, b) => a - b);
  if (new Set(counted).size !== counted.length)
    throw invalidGraph(`${operator}: axes [${axes.join()}] repeat`);
  return { axes: counted, keepdims };
}

/** The shape after reducing over the axes. */
export function reducedShape(shape: GraphShape, { axes, keepdims }: ReduceAttributes): GraphShape {
  if (keepdims) return shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return shape.filter((_, axis) => !axes.includes(axis));
}

/** The shape after reducing with the axes kept: what broadcasts against the input. */
export function keptShape(shape: GraphShape, axes: readonly number[]): GraphShape {
  return reducedShape(shape, { axes, keepdims: true });
}
