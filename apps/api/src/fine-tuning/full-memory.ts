import type { ReadyBaseModel } from '@prad/domain';

/** Bytes of a weight in training: itself, its gradient and two moments, each float32. */
const BYTES_OF_A_WEIGHT = 16;
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
    `full trains all ${parameterCount} weights of ${id}: with gradients and two moments in float32 that is ` +
      `${(bytes / GIGABYTE).toFixed(1)} GB at least, and about twice as much while a step replaces them; each ` +
      `checkpoint takes ${checkpoint.toFixed(1)} GB of the store`,
  ];
}
