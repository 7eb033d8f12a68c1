import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { concat } from './concat.js';
import { int64s } from './constants.js';
import { axisOf, dimAt, one } from './inputs.js';
import { zerosLike } from './zeros.js';

interface SplitAttributes {
  readonly axis: number;
  /** Sizes of the parts along the axis. */
  readonly sizes: readonly number[];
}

// [y_0, y_1, ...] = x; dL/dx = [dL/dy_0, dL/dy_1, ...], zero for a part that the loss does not use.
const splitOperator = defineOperator<SplitAttributes>({
  type: 'Split',
  differentiates: 'allOutputs',
  infer: (inputs, { axis, sizes }) => {
    const { dtype, shape } = one('Split', inputs);
    const size = dimAt(shape, axis);
    if (typeof size === 'number' && sizes.reduce((sum, part) => sum + part, 0) !== size) {
      throw invalidGraph(`Split: parts [${sizes.join()}] of axis ${axis} of [${shape.join()}]`);
    }
    return sizes.map((part) => ({ dtype, shape: shape.map((dim, index) => (index === axis ? part : dim)) }));
  },
  vjp: ({ at, output, gradients, attributes: { axis } }) => [
    concat(
      at,
      gradients.map((gradient, index) => gradient ?? zerosLike(at, output(index))),
      axis,
    ),
  ],
  onnx: ({ axis }) => ({ axis }),
});

/** x cut into parts of the given sizes along an axis. */
export function split(at: Scope, x: Value, { axis, sizes }: SplitAttributes): readonly Value[] {
  const counted = axisOf('Split', axis, x.shape.length);
  return at.apply(splitOperator, [x, int64s(at, sizes)], { axis: counted, sizes });
}
