import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator, nonDifferentiable } from '../operator.js';
import type { Value } from '../value.js';
import { axisOf, sameDims, three } from './inputs.js';

interface ScatterElementsAttributes {
  readonly axis: number;
  /** What happens to the element that is already there; `add` sums repeated indices too. */
  readonly reduction: 'none' | 'add';
}

// Serves the gradients of gathers; its own gradient is not needed.
const scatterElementsOperator = defineOperator<ScatterElementsAttributes>({
  type: 'ScatterElements',
  infer: (inputs) => {
    const [data, indices, updates] = three('ScatterElements', inputs);
    if (indices.dtype !== 'int64' && indices.dtype !== 'int32') {
      throw invalidGraph(`ScatterElements: whole indices expected, got ${indices.dtype}`);
    }
    if (data.dtype !== updates.dtype || !sameDims(indices.shape, updates.shape)) {
      const got = `${updates.dtype} [${updates.shape.join()}] at [${indices.shape.join()}]`;
      throw invalidGraph(`ScatterElements: updates ${got} into ${data.dtype}`);
    }
    return [{ dtype: data.dtype, shape: data.shape }];
  },
  vjp: nonDifferentiable,
  onnx: ({ axis, reduction }) => ({ axis, reduction }),
});

/** `data` with `updates` written (or added) where `indices`, of the shape of `updates`, say along one axis. */
export function scatterElements(
  at: Scope,
  { data, indices, updates }: { readonly data: Value; readonly indices: Value; readonly updates: Value },
  { axis, reduction }: ScatterElementsAttributes,
): Value {
  const counted = axisOf('ScatterElements', axis, data.shape.length);
  return at.apply1(scatterElementsOperator, [data, indices, updates], { axis: counted, reduction });
}
