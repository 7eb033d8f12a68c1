import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator, nonDifferentiable } from '../operator.js';
import type { Value, ValueType } from '../value.js';
import { axisOf, dimAt, three } from './inputs.js';

export interface QuantizeLinearInputs {
  /** float32 of any shape. */
  readonly x: Value;
  /** float32, one step for each place of the axis. */
  readonly scales: Value;
  /** uint8, for each place of the axis what stands for 0. */
  readonly zeroPoints: Value;
}

interface QuantizeLinearAttributes {
  readonly axis: number;
}

function inferQuantize(
  inputs: readonly (ValueType | undefined)[],
  { axis }: QuantizeLinearAttributes,
): ValueType {
  const [x, scales, zeroPoints] = three('QuantizeLinear', inputs);
  const places = String(dimAt(x.shape, axis));
  const fits =
    x.dtype === 'float32' &&
    scales.dtype === 'float32' &&
    scales.shape.join() === places &&
    zeroPoints.dtype === 'uint8' &&
    zeroPoints.shape.join() === places;
  if (!fits) {
    const given = [x, scales, zeroPoints].map(({ dtype, shape }) => `${dtype} [${shape.join()}]`);
    throw invalidGraph(
      `QuantizeLinear: float32 x, float32 steps and uint8 zeros of axis ${axis} expected, got ${given.join(', ')}`,
    );
  }
  return { dtype: 'uint8', shape: x.shape };
}

// Inference only.
const quantizeLinearOperator = defineOperator<QuantizeLinearAttributes>({
  type: 'QuantizeLinear',
  infer: (inputs, attributes) => [inferQuantize(inputs, attributes)],
  vjp: nonDifferentiable,
  onnx: ({ axis }) => ({ axis }),
});

/** x in steps from 0 to 255, each place of the axis with its own: round(x / scale) + zero point, halves to even. */
export function quantizeLinear(
  at: Scope,
  { x, scales, zeroPoints }: QuantizeLinearInputs,
  { axis }: QuantizeLinearAttributes,
): Value {
  return at.apply1(quantizeLinearOperator, [x, scales, zeroPoints], {
    axis: axisOf('QuantizeLinear', axis, x.shape.length),
  });
}
