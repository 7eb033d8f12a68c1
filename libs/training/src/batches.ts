import { randomStream } from '@prad/nn';

/** Optimiser steps of a run: `maxSteps` where given, else whole epochs; an epoch's last batch may be smaller. */
export function totalSteps(
  examples: number,
  { batchSize, epochs, maxSteps }: { batchSize: number; epochs: number; maxSteps?: number },
): number {
  return maxSteps ?? Math.max(1, Math.round(Math.ceil(examples / batchSize) * epochs));
}

/** Endless batches. The order within an epoch depends on the seed and the epoch's number alone. */
export function* shuffledBatches<T>(
  examples: readonly T[],
  batchSize: number,
  seed: number,
): Generator<T[], never> {
  for (let epoch = 0; ; epoch++) yield* batchesOf(shuffled(examples, seed, epoch), batchSize);
}

/** In order; the last batch may be smaller. */
export function* batchesOf<T>(examples: readonly T[], batchSize: number): Generator<T[], void> {
  for (let start = 0; start < examples.length; start += batchSize)
    yield examples.slice(start, start + batchSize);
}

/** Fisher and Yates. */
function shuffled<T>(examples: readonly T[], seed: number, epoch: number): T[] {
  const order = examples.slice();
  const random = randomStream(seed, `shuffle/${epoch}`);
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const [a, b] = [order[last] as T, order[other] as T];
    order[last] = b;
    order[other] = a;
  }
  return order;
}
