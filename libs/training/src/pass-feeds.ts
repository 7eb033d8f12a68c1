import type { Tensors } from '@prad/runtime';
import { tensor, type HostTensor } from '@prad/tensor';
import type { Batch } from './collate.js';
import { dropoutInput } from './step-graphs.js';

/** Far above any length, so that the numbers of two rows never meet. */
const ROW = 1 << 16;

interface PassInputs {
  /** Length of the adapter's prefix, from which positions count. */
  readonly front: number;
  /** One, or those of a pack's members. */
  readonly dropoutSeed: HostTensor;
  /** Row b's number among the rows of its adapter; b itself by default. */
  readonly rowNumber?: (b: number) => number;
  /** [N]; 1 each by default. */
  readonly weights?: Float32Array;
}

/** What a pass over a batch is fed beside the trained tensors; a graph may have inputs for only a part of it. */
export function passFeeds(batch: Batch, inputs: PassInputs): Tensors {
  const { front, dropoutSeed, rowNumber = (b) => b } = inputs;
  const [rows = 0, length = 0] = batch.inputIds.shape;
  const at = (of: (b: number, t: number) => number): HostTensor =>
    tensor(
      'int64',
      [rows, length],
      BigInt64Array.from({ length: rows * length }, (_, index) =>
        BigInt(of(Math.floor(index / length), index % length)),
      ),
    );
  const count = batch.answerLabels.data.length;
  return {
    input_ids: batch.inputIds,
    position_ids: at((_, t) => front + t),
    answer_positions: batch.answerPositions,
    answer_labels: batch.answerLabels,
    answer_weights: tensor('float32', [count], inputs.weights ?? new Float32Array(count).fill(1)),
    mask: batch.adapterMask,
    virtual_tokens: batch.virtualTokens,
    [dropoutInput.seed]: dropoutSeed,
    [dropoutInput.rows]: at((b, t) => rowNumber(b) * ROW + t),
  };
}

/** The feeds that the inputs of a session ask for. */
export function wantedFeeds(
  session: { readonly inputs: readonly { readonly name: string }[] },
  feeds: Tensors,
): Tensors {
  const wanted = new Set(session.inputs.map(({ name }) => name));
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => wanted.has(name)));
}
