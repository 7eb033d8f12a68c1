import type { Dtype } from '@prad/tensor';
import type { Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import { onnxDtype } from '../onnx/dtype.js';
import type { Value } from '../value.js';
import { one } from './inputs.js';

interface CastAttributes {
  readonly dtype: Dtype;
}

// The identity between float dtypes; whole numbers and truth values carry no gradient.
const castOperator = defineOperator<CastAttributes>({
  type: 'Cast',
  infer: (inputs, { dtype }) => [{ dtype, shape: one('Cast', inputs).shape }],
  vjp: ({ at, input, gradient }) => [
    isFloat(input(0).dtype) ? cast(at, gradient, input(0).dtype) : undefined,
  ],
  onnx: ({ dtype }) => ({ to: onnxDtype[dtype] }),
});

function isFloat(dtype: Dtype): boolean {
  return dtype === 'float32' || dtype === 'float16';
}

/** x in another dtype; to whole numbers it truncates. Returns x itself where the dtype is already that one. */
export function cast(at: Scope, x: Value, dtype: Dtype): Value {
  return x.dtype === dtype ? x : at.apply1(castOperator, [x], { dtype });
}
