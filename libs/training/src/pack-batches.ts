import { tensor, type TensorOf } from '@prad/tensor';
import type { Batch } from './collate.js';

/** The batches of several members as one, each in its own equal run of rows. */
export interface PackedBatch {
  readonly batch: Batch;
  /** [N]: each member's add up to 1, so that the sum of the losses is that of the members' means. */
  readonly weights: Float32Array;
  /** [B]: whose row it is. */
  readonly member: TensorOf<'int64'>;
  /** Rows of each member, R; B = J*R. */
  readonly rows: number;
  /** How many answer tokens each member has; they lie one after another. */
  readonly answers: readonly number[];
}

/**
 * Fills every batch up to the most rows and the longest row of all. Filling carries neither loss nor adapter.
 * @param ownTokens how many virtual tokens each member has; theirs are counted one member after another.
 */
export function packBatches(batches: readonly Batch[], ownTokens: number): PackedBatch {
  const rows = Math.max(...batches.map(({ inputIds }) => inputIds.shape[0] ?? 0));
  const length = Math.max(...batches.map(({ inputIds }) => inputIds.shape[1] ?? 0));
  const shape = [batches.length * rows, length];
  const cells = batches.length * rows * length;
  const [ids, virtual] = [new BigInt64Array(cells), new BigInt64Array(cells)];
  const mask = new Float32Array(cells);
  const positions = batches.flatMap(({ inputIds, virtualTokens, adapterMask, answerPositions }, member) => {
    const [ownRows = 0, own = 0] = inputIds.shape;
    const start = (b: number): number => (member * rows + b) * length;
    for (let b = 0; b < ownRows; b++) {
      const [from, to] = [b * own, (b + 1) * own];
      ids.set(inputIds.data.subarray(from, to), start(b));
      const shift = BigInt(member * ownTokens);
      virtualTokens.data.subarray(from, to).forEach((token, t) => {
        if (token > 0n) virtual[start(b) + t] = token + shift;
      });
      mask.set(adapterMask.data.subarray(from, to), start(b));
    }
    return Array.from(answerPositions.data, (position) => {
      const flat = Number(position);
      return BigInt(start(Math.floor(flat / own)) + (flat % own));
    });
  });
  const answers = batches.map(({ answerLabels }) => answerLabels.data.length);
  return {
    batch: {
      inputIds: tensor('int64', shape, ids),
      virtualTokens: tensor('int64', shape, virtual),
      adapterMask: tensor('float32', [...shape, 1], mask),
      answerPositions: tensor('int64', [positions.length], BigInt64Array.from(positions)),
      answerLabels: tensor(
        'int64',
        [positions.length],
        BigInt64Array.from(batches.flatMap(({ answerLabels }) => [...answerLabels.data])),
      ),
      tokens: batches.reduce((sum, { tokens }) => sum + tokens, 0),
    },
    weights: Float32Array.from(answers.flatMap((count) => Array.from({ length: count }, () => 1 / count))),
    member: tensor(
      'int64',
      [batches.length * rows],
      BigInt64Array.from({ length: batches.length * rows }, (_, b) => BigInt(Math.floor(b / rows))),
    ),
    rows,
    answers,
  };
}
