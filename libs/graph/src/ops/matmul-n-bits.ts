import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator, nonDifferentiable } from '../operator.js';
import type { Value, ValueType } from '../value.js';
import { dimAt, staticDim, three } from './inputs.js';

export interface MatmulNBitsInputs {
  /** float32 [..., K]. */
  readonly x: Value;
  /** uint8 [N, blocks, blockSize * bits / 8] for blocks = ceil(K / blockSize): whole numbers, the lowest bits first. */
  readonly quantised: Value;
  /** float32 [N, blocks]: one step of each block. */
  readonly scales: Value;
  /** uint8 [N, ceil(blocks * bits / 8)], packed likewise: each block's zero; 2^(bits - 1) where left out. */
  readonly zeroPoints?: Value | undefined;
  /** float32 [N]. */
  readonly bias?: Value | undefined;
}

export interface MatmulNBitsAttributes {
  /** K: x may have a last axis whose size is not a multiple of `blockSize`; the last block is padded. */
  readonly inFeatures: number;
  readonly bits: 4 | 8;
  readonly blockSize: number;
}

function inferMatmulNBits(
  inputs: readonly (ValueType | undefined)[],
  { inFeatures, bits, blockSize }: MatmulNBitsAttributes,
): ValueType {
  const [x, quantised, scales] = three('MatMulNBits', inputs);
  const [, , , zeroPoints, , bias] = inputs;
  const refuse = (what: string, got: ValueType, dtype: string, shape: readonly unknown[]): void => {
    if (got.dtype === dtype && got.shape.join() === shape.join()) return;
    throw invalidGraph(
      `MatMulNBits: ${what} ${dtype} [${shape.join()}] expected, got ${got.dtype} [${got.shape.join()}]`,
    );
  };
  const out = dimAt(quantised.shape, 0);
  const blocks = Math.ceil(inFeatures / blockSize);
  refuse('x', x, 'float32', [...x.shape.slice(0, -1), inFeatures]);
  refuse('weight', quantised, 'uint8', [out, blocks, (blockSize * bits) / 8]);
  refuse('scales', scales, 'float32', [out, blocks]);
  if (zeroPoints) refuse('zero points', zeroPoints, 'uint8', [out, Math.ceil((blocks * bits) / 8)]);
  if (bias) refuse('bias', bias, 'float32', [out]);
  return { dtype: 'float32', shape: [...x.shape.slice(0, -1), out] };
}

// Inference only: a frozen weight in few bits. Level 4 lets the kernel multiply in whole numbers, for which it rounds
// each block of x to 8 bits as well.
const matmulNBitsOperator = defineOperator<MatmulNBitsAttributes & { readonly outFeatures: number }>({
  type: 'MatMulNBits',
  domain: 'com.microsoft',
  infer: (inputs, attributes) => [inferMatmulNBits(inputs, attributes)],
  vjp: nonDifferentiable,
  onnx: ({ inFeatures, outFeatures, bits, blockSize }) => ({
    K: inFeatures,
    N: outFeatures,
    bits,
    block_size: blockSize,
    accuracy_level: 4,
  }),
});

/**
 * x W' + bias [..., N] for a weight W [N, K] stored as whole numbers of few bits in blocks along K:
 * W = (quantised - zero point) * scale.
 */
export function matmulNBits(
  at: Scope,
  { x, quantised, scales, zeroPoints, bias }: MatmulNBitsInputs,
  attributes: MatmulNBitsAttributes,
): Value {
  const outFeatures = staticDim('MatMulNBits', dimAt(quantised.shape, 0));
  return at.apply1(matmulNBitsOperator, [x, quantised, scales, zeroPoints, undefined, bias], {
    ...attributes,
    outFeatures,
  });
}
