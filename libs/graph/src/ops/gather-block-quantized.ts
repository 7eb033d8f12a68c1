import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator, nonDifferentiable } from '../operator.js';
import type { Value, ValueType } from '../value.js';
import { requireIndices } from './gather.js';
import { dimAt, three } from './inputs.js';

export interface GatherBlockQuantizedInputs {
  /** uint8 [N, K * bits / 8]: whole numbers in blocks of `blockSize` along K, the lowest bits first. */
  readonly quantised: Value;
  /** int64 or int32 of any shape, from 0 to N - 1. */
  readonly indices: Value;
  /** float32 [N, K / blockSize]: one step of each block. */
  readonly scales: Value;
  /** uint8 [N, ceil(blocks * bits / 8)], packed likewise: each block's zero; 2^(bits - 1) where left out. */
  readonly zeroPoints?: Value | undefined;
}

export interface GatherBlockQuantizedAttributes {
  readonly bits: 4 | 8;
  readonly blockSize: number;
}

function inferGather(
  inputs: readonly (ValueType | undefined)[],
  { bits, blockSize }: GatherBlockQuantizedAttributes,
): ValueType {
  const [quantised, indices, scales] = three('GatherBlockQuantized', inputs);
  const zeroPoints = inputs[3];
  requireIndices('GatherBlockQuantized', indices);
  const [rows, bytes] = [dimAt(quantised.shape, 0), dimAt(quantised.shape, 1)];
  const columns = (Number(bytes) * 8) / bits;
  const blocks = columns / blockSize;
  const refuse = (what: string, got: ValueType, dtype: string, shape: readonly unknown[]): void => {
    if (got.dtype === dtype && got.shape.join() === shape.join()) return;
    throw invalidGraph(
      `GatherBlockQuantized: ${what} ${dtype} [${shape.join()}] expected, got ${got.dtype} [${got.shape.join()}]`,
    );
  };
  if (!Number.isInteger(blocks))
    throw invalidGraph(`GatherBlockQuantized: whole blocks of ${blockSize} expected, got ${columns} columns`);
  refuse('weight', quantised, 'uint8', [rows, bytes]);
  refuse('scales', scales, 'float32', [rows, blocks]);
  if (zeroPoints) refuse('zero points', zeroPoints, 'uint8', [rows, Math.ceil((blocks * bits) / 8)]);
  return { dtype: 'float32', shape: [...indices.shape, columns] };
}

// Inference only: a frozen table in few bits.
const gatherBlockQuantizedOperator = defineOperator<GatherBlockQuantizedAttributes>({
  type: 'GatherBlockQuantized',
  domain: 'com.microsoft',
  infer: (inputs, attributes) => [inferGather(inputs, attributes)],
  vjp: nonDifferentiable,
  onnx: ({ bits, blockSize }) => ({ bits, block_size: blockSize, gather_axis: 0, quantize_axis: 1 }),
});

/**
 * The rows [..., K] of a table W [N, K] that `indices` name, where W is stored as whole numbers of few bits in blocks
 * along K: W = (quantised - zero point) * scale.
 */
export function gatherBlockQuantized(
  at: Scope,
  { quantised, indices, scales, zeroPoints }: GatherBlockQuantizedInputs,
  attributes: GatherBlockQuantizedAttributes,
): Value {
  return at.apply1(
    gatherBlockQuantizedOperator,
    [quantised, indices, scales, ...(zeroPoints ? [zeroPoints] : [])],
    attributes,
  );
}
