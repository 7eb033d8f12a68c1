import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { dimAt, one } from './inputs.js';

interface TransposeAttributes {
  readonly perm: readonly number[];
}

// y[i_perm] = x[i]: the gradient goes back by the inverse permutation.
const transposeOperator = defineOperator<TransposeAttributes>({
  type: 'Transpose',
  infer: (inputs, { perm }) => {
    const { dtype, shape } = one('Transpose', inputs);
    const fits = perm.length === shape.length && shape.every((_, axis) => perm.includes(axis));
    if (!fits) throw invalidGraph(`Transpose: [${perm.join()}] is no order of the axes of [${shape.join()}]`);
    return [{ dtype, shape: perm.map((axis) => dimAt(shape, axis)) }];
  },
  vjp: ({ at, gradient, attributes: { perm } }) => [
    transpose(
      at,
      gradient,
      perm.map((_, axis) => perm.indexOf(axis)),
    ),
  ],
  onnx: ({ perm }) => ({ perm }),
});

/** x with its axes in the order `perm`. */
export function transpose(at: Scope, x: Value, perm: readonly number[]): Value {
  return at.apply1(transposeOperator, [x], { perm });
}
