import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator, nonDifferentiable } from '../operator.js';
import type { Value } from '../value.js';
import { dimAt, sameDims, staticDim, three } from './inputs.js';

interface ScatterNDAttributes {
  /** What happens to the element that is already there; `add` sums repeated indices too. */
  readonly reduction: 'none' | 'add';
}

// Serves the gradient of GatherND; its own gradient is not needed.
const scatterNDOperator = defineOperator<ScatterNDAttributes>({
  type: 'ScatterND',
  infer: (inputs) => {
    const [data, indices, updates] = three('ScatterND', inputs);
    const depth = staticDim('ScatterND', dimAt(indices.shape, -1));
    const expected = [...indices.shape.slice(0, -1), ...data.shape.slice(depth)];
    if (indices.dtype !== 'int64' || data.dtype !== updates.dtype || !sameDims(updates.shape, expected)) {
      const got = `${updates.dtype} [${updates.shape.join()}] at ${indices.dtype} [${indices.shape.join()}]`;
      throw invalidGraph(`ScatterND: updates ${got} into ${data.dtype} [${data.shape.join()}]`);
    }
    return [{ dtype: data.dtype, shape: data.shape }];
  },
  vjp: nonDifferentiable,
  onnx: ({ reduction }) => ({ reduction }),
});

/** `data` with slices `updates` written (or added) at the index tuples in the last axis of `indices` (int64). */
export function scatterND(
  at: Scope,
  { data, indices, updates }: { readonly data: Value; readonly indices: Value; readonly updates: Value },
  attributes: ScatterNDAttributes,
): Value {
  return at.apply1(scatterNDOperator, [data, indices, updates], attributes);
}
