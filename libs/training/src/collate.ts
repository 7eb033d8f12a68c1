import type { TokenExample } from '@prad/formats';
import { tensor, type TensorOf } from '@prad/tensor';

/** The feeds of one training or validation pass. Right-padded; padding carries neither loss nor adapter. */
export interface Batch {
  readonly inputIds: TensorOf<'int64'>; // [B, T]
  /** Which of the adapter's own tokens stands at a position, counted from 1; 0 where it is one of the vocabulary. */
  readonly virtualTokens: TensorOf<'int64'>; // [B, T]
  /** 1 where the adapter may act. */
  readonly adapterMask: TensorOf<'float32'>; // [B, T, 1]
  /** Flat indices b * T + t of the positions that predict an answer token. */
  readonly answerPositions: TensorOf<'int64'>; // [N]
  /** The tokens that those positions predict. */
  readonly answerLabels: TensorOf<'int64'>; // [N]
  /** Real tokens, padding not counted. */
  readonly tokens: number;
}

/** A mask policy applied to one example: 1 at each position that the adapter may change. */
export type MaskOf = (example: { readonly promptLength: number; readonly length: number }) => Float32Array;

/**
 * Pads examples to the longest of them and lists the positions that carry loss.
 * @param vocabSize ids from here on are the adapter's own.
 */
export function collate(examples: readonly TokenExample[], maskOf: MaskOf, vocabSize: number): Batch {
  const rows = examples.length;
  const length = Math.max(...examples.map((example) => example.tokens.length));
  const inputIds = new BigInt64Array(rows * length);
  const virtual = new BigInt64Array(rows * length);
  const mask = new Float32Array(rows * length);
  const positions: number[] = [];
  const labels: number[] = [];
  examples.forEach(({ tokens, promptLength }, row) => {
    const start = row * length;
    tokens.forEach((token, t) => {
      if (token < vocabSize) inputIds[start + t] = BigInt(token);
      else virtual[start + t] = BigInt(1 + token - vocabSize);
      if (t < promptLength) return;
      // The position before a token predicts it; for the first answer token that is the prompt's last.
      positions.push(start + t - 1);
      labels.push(token);
    });
    mask.set(maskOf({ promptLength, length: tokens.length }), start);
  });
  return {
    inputIds: tensor('int64', [rows, length], inputIds),
    virtualTokens: tensor('int64', [rows, length], virtual),
    adapterMask: tensor('float32', [rows, length, 1], mask),
    answerPositions: tensor('int64', [positions.length], BigInt64Array.from(positions, BigInt)),
    answerLabels: tensor('int64', [labels.length], BigInt64Array.from(labels, BigInt)),
    tokens: examples.reduce((sum, { tokens }) => sum + tokens.length, 0),
  };
}
