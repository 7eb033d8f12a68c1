import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator, nonDifferentiable } from '../operator.js';
import type { Value, ValueType } from '../value.js';
import { dimAt, sameDims, staticDim, three } from './inputs.js';

export interface QuantizeLinearInputs {
  /** float32 [M, K]. */
  readonly x: Value;
  /** float32 [M, 1], one step for each row. */
  readonly scales: Value;
  /** uint8 [M, 1], for each row what stands for 0. */
  readonly zeroPoints: Value;
}

interface QuantizeLinearAttributes {
  /** K: a row is one block. As `axis: 0` the steps would be a vector, and the operator slower. */
  readonly blockSize: number;
}

function inferQuantize(inputs: readonly (ValueType | undefined)[]): ValueType {
  const [x, scales, zeroPoints] = three('QuantizeLinear', inputs);
  const column = [dimAt(x.shape, 0), 1];
  const fits =
    x.dtype === 'float32' &&
    x.shape.length === 2 &&
    scales.dtype === 'float32' &&
    sameDims(scales.shape, column) &&
    zeroPoints.dtype === 'uint8' &&
    sameDims(zeroPoints.shape, column);
  if (!fits) {
    const given = [x, scales, zeroPoints].map(({ dtype, shape }) => `${dtype} [${shape.join()}]`);
    throw invalidGraph(
      `QuantizeLinear: float32 [M, K], float32 [M, 1] and uint8 [M, 1] expected, got ${given.join(', ')}`,
    );
  }
  return { dtype: 'uint8', shape: x.shape };
}

// Inference only.
const quantizeLinearOperator = defineOperator<QuantizeLinearAttributes>({
  type: 'QuantizeLinear',
  infer: (inputs) => [inferQuantize(inputs)],
  vjp: nonDifferentiable,
  onnx: ({ blockSize }) => ({ axis: 1, block_size: blockSize }),
});

/** x in steps from 0 to 255, each row with its own: round(x / scale) + zero point, halves to even. */
export function quantizeLinear(at: Scope, { x, scales, zeroPoints }: QuantizeLinearInputs): Value {
  const blockSize = staticDim('QuantizeLinear', dimAt(x.shape, -1));
  return at.apply1(quantizeLinearOperator, [x, scales, zeroPoints], { blockSize });
}
