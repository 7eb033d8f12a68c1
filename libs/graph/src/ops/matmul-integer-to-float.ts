import { tensor } from '@prad/tensor';
import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator, nonDifferentiable } from '../operator.js';
import type { Value, ValueType } from '../value.js';
import { scalar } from './constants.js';
import { dimAt, three } from './inputs.js';

export interface MatmulIntegerToFloatInputs {
  /** uint8 [M, K]: whole numbers above and below `zero`. */
  readonly x: Value;
  /** What stands for 0 in x. */
  readonly zero: number;
  /** int8 [K, N]. */
  readonly weight: Value;
  /** float32 [N]: one step of each column of the weight. */
  readonly scales: Value;
}

function inferProduct(inputs: readonly (ValueType | undefined)[]): ValueType {
  const [x, weight] = three('MatMulIntegerToFloat', inputs);
  const scales = inputs[3];
  const fits =
    x.dtype === 'uint8' &&
    weight.dtype === 'int8' &&
    x.shape.length === 2 &&
    weight.shape.length === 2 &&
    x.shape[1] === weight.shape[0] &&
    scales?.dtype === 'float32' &&
    scales.shape.join() === String(weight.shape[1]);
  if (!fits) {
    const given = [x, weight, scales].map(
      (type) => `${type?.dtype ?? 'nothing'} [${type?.shape.join() ?? ''}]`,
    );
    throw invalidGraph(
      `MatMulIntegerToFloat: uint8 [M, K], int8 [K, N] and float32 [N] expected, got ${given.join(', ')}`,
    );
  }
  return { dtype: 'float32', shape: [dimAt(x.shape, 0), dimAt(weight.shape, 1)] };
}

// Inference only: a frozen weight in whole numbers.
const matmulIntegerToFloatOperator = defineOperator<undefined>({
  type: 'MatMulIntegerToFloat',
  domain: 'com.microsoft',
  infer: (inputs) => [inferProduct(inputs)],
  vjp: nonDifferentiable,
});

/**
 * (x - zero) W [M, N] in whole numbers, each column in its step. The sums are exact where |W| <= 64: processors without
 * VNNI add pairs of products in 16 bits, which 255 * 127 * 2 would not fit.
 */
export function matmulIntegerToFloat(
  at: Scope,
  { x, zero, weight, scales }: MatmulIntegerToFloatInputs,
): Value {
  const zeroPoint = at.constant(tensor('uint8', [], Uint8Array.of(zero)));
  return at.apply1(matmulIntegerToFloatOperator, [x, weight, scalar(at, 1), scales, zeroPoint], undefined);
}
