import type { Dtype } from './dtype.js';
import { bytesPerElement } from './dtype.js';

/** Sizes of the axes, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** Product of the axes; 1 for a scalar, 0 when any axis is empty. */
export function elementCount(shape: Shape): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

/** Bytes of a dense tensor. */
export function byteLength(dtype: Dtype, shape: Shape): number {
  return elementCount(shape) * bytesPerElement[dtype];
}

/** True when both shapes have the same axes in the same order. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
