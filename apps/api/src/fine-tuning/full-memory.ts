import type { ReadyBaseModel } from '@prad/domain';

/**
 * Bytes of a weight at a worker's peak, as measured with SmolLM2-135M: the weight, its gradient and two moments take 16, the
 * step's new ones beside the old, the best so far, the file to write and the runtime's own copies the rest.
 */
const BYTES_OF_A_WEIGHT = 62;
const GIGABYTE = 1e9;

/** What training all weights of a base takes, where that is worth a word: a gigabyte or more. */
export function fullTrainingWarnings({
  id,
  parameterCount,
}: Pick<ReadyBaseModel, 'id' | 'parameterCount'>): string[] {
  const bytes = parameterCount * BYTES_OF_A_WEIGHT;
  if (bytes < GIGABYTE) return [];
  const checkpoint = (parameterCount * 4) / GIGABYTE;
  return [
    `full trains all ${parameterCount} weights of ${id}: a worker needs about ${(bytes / GIGABYTE).toFixed(1)} GB of ` +
      `memory for that, and each checkpoint takes ${checkpoint.toFixed(1)} GB of the store`,
  ];
}
