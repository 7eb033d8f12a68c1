import { invalidGraph } from '../graph.js';
import type { Dim, GraphShape, ValueType } from '../value.js';

type Inputs = readonly (ValueType | undefined)[];

/** The first `count` inputs, all present. */
function present(operator: string, inputs: Inputs, count: number): ValueType[] {
  const found = inputs.slice(0, count).filter((input) => input !== undefined);
  if (found.length !== count)
    throw invalidGraph(`${operator}: ${count} inputs expected, got ${found.length}`);
  return found;
}

export function one(operator: string, inputs: Inputs): ValueType {
  const [first] = present(operator, inputs, 1) as [ValueType];
  return first;
}

export function two(operator: string, inputs: Inputs): [ValueType, ValueType] {
  return present(operator, inputs, 2) as [ValueType, ValueType];
}

export function three(operator: string, inputs: Inputs): [ValueType, ValueType, ValueType] {
  return present(operator, inputs, 3) as [ValueType, ValueType, ValueType];
}

/** `axis` counted from the front; negative ones count from the back, as in ONNX. */
export function axisOf(operator: string, axis: number, rank: number): number {
  const counted = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(counted) || counted < 0 || counted >= rank) {
    throw invalidGraph(`${operator}: axis ${axis} of a value of rank ${rank}`);
  }
  return counted;
}

/** The size of an axis that is known to exist. */
export function dimAt(shape: GraphShape, axis: number): Dim {
  const dim = shape.at(axis);
  if (dim === undefined) throw invalidGraph(`axis ${axis} of a value of shape [${shape.join()}]`);
  return dim;
}

/** A size that has to be a number when the graph is built. */
export function staticDim(operator: string, dim: Dim): number {
  if (typeof dim !== 'number')
    throw invalidGraph(`${operator}: the size ${dim} must be known when the graph is built`);
  return dim;
}

/** Sizes that all have to be numbers when the graph is built. */
export function staticShape(operator: string, shape: GraphShape): number[] {
  return shape.map((dim) => staticDim(operator, dim));
}

export function sameDims(left: GraphShape, right: GraphShape): boolean {
  return left.length === right.length && left.every((dim, axis) => dim === right[axis]);
}
