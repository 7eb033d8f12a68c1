import { baseLayout } from '@prad/adapter-files';
import type { ReadyBaseModel } from '@prad/domain';
import type { TrainingAmount } from './training-amount.js';

const FLOAT = 4;
/** A worker that has loaded nothing. */
const PROCESS_BYTES = 230e6;
/** A weight as it lies in the file and once more in the layout of the matrix kernels; those of the head again twice. */
const COPIES = 2;
/** A trained number, its gradient and two moments take 16; the step's new ones, the best so far and the file the rest. */
const BYTES_OF_A_TRAINED = 48;
/** Numbers that a layer keeps of a token for its gradient: so many times the hidden and the intermediate size. */
const HIDDEN_KEPT = 6;
const INTERMEDIATE_KEPT = 3;
/** Logits, their logarithms of probability and their gradient. */
const LOGITS_KEPT = 3;

/**
 * Resident memory of a worker at the peak of a training on the CPU, in bytes: process + weights + what trains + what the
 * gradient keeps of the largest batch. The numbers are fitted to measured peaks of the training step (prad-tiny with 32 x
 * 48 and 32 x 192 tokens, SmolLM2-135M with 16 to 1,024 tokens and ranks 8 and 256), which it meets to 5 %. Null for a base
 * that does not tell its layout.
 */
export function trainingMemory(
  base: Pick<ReadyBaseModel, 'details' | 'parameterCount' | 'vocabularySize'>,
  trained: number | null,
  { longest, rowsAtOnce, answerShare }: Pick<TrainingAmount, 'longest' | 'rowsAtOnce' | 'answerShare'>,
): number | null {
  const layout = baseLayout.safeParse(base.details['layout']).data;
  if (layout === undefined || trained === null) return null;
  const { layers, hiddenSize, heads, sites } = layout;
  const intermediate = sites['down_proj']?.inFeatures ?? 4 * hiddenSize;
  const head = base.vocabularySize * hiddenSize;
  const ofALayer = HIDDEN_KEPT * hiddenSize + INTERMEDIATE_KEPT * intermediate + heads * longest;
  const ofAToken = layers * ofALayer + LOGITS_KEPT * answerShare * base.vocabularySize;
  const tokens = rowsAtOnce * longest;
  return Math.round(
    PROCESS_BYTES +
      COPIES * FLOAT * (base.parameterCount + head) +
      BYTES_OF_A_TRAINED * trained +
      FLOAT * tokens * ofAToken,
  );
}
