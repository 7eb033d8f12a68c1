import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchOrder, batchesByLength, parts } from './batches.js';
import type { Hyperparameters } from './plan.js';

const settings = (changes: Partial<Hyperparameters>): Hyperparameters => ({
  ...{
    epochs: 2,
    batchSize: 8,
    learningRate: 1,
    warmupRatio: 0,
    weightDecay: 0,
    maxGradNorm: 1,
    maxLength: 512,
  },
  ...changes,
});

const examplesOf = (lengths: readonly number[]) =>
  lengths.map((length) => ({ tokens: Array.from({ length }, () => 1), promptLength: 1 }));

/** Lengths with the spread of e2e: most near 50, a few long. */
const e2eLike = Array.from({ length: 2_000 }, (_, i) => 25 + ((i * 7919) % 61) + (i % 17 === 0 ? 40 : 0));

function epochOf(order: BatchOrder, from = 0): (readonly number[])[] {
  const batches: (readonly number[])[] = [];
  for (const { indices, endsEpoch } of order.after(from)) {
    batches.push(indices);
    if (endsEpoch) break;
  }
  return batches;
}

function wasteOf(batches: readonly (readonly number[])[], lengths: readonly number[]): number {
  let [tokens, positions] = [0, 0];
  for (const batch of batches) {
    const inBatch = batch.map((index) => lengths[index]!);
    tokens += inBatch.reduce((sum, length) => sum + length, 0);
    positions += batch.length * Math.max(...inBatch);
  }
  return 1 - tokens / positions;
}

describe('BatchOrder', () => {
  it('shows every example once an epoch within the limits, and finds any step again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 120 }),
        fc.integer({ min: 1, max: 9 }),
        fc.option(fc.integer({ min: 60, max: 300 }), { nil: undefined }),
        fc.boolean(),
        fc.integer({ min: 0, max: 99 }),
        (lengths, batchSize, maxTokensPerBatch, groupByLength, seed) => {
          const plan = settings({ batchSize, maxTokensPerBatch, groupByLength });
          const order = new BatchOrder(examplesOf(lengths), plan, { seed });
          const epoch = epochOf(order);
          expect(epoch.flat().sort((a, b) => a - b)).toEqual([...lengths.keys()]);
          for (const batch of epoch) {
            expect(batch.length).toBeLessThanOrEqual(batchSize);
            const positions = batch.length * Math.max(...batch.map((index) => lengths[index]!));
            expect(positions).toBeLessThanOrEqual(maxTokensPerBatch ?? Infinity);
          }
          const half = epoch.length >> 1;
          expect(epochOf(order, half)).toEqual(epoch.slice(half));
          let [steps, ends] = [0, 0];
          for (const step of order.after(0)) {
            steps++;
            if (step.endsEpoch) ends++;
            if (ends === plan.epochs) break;
          }
          expect(order.totalSteps).toBe(steps);
        },
      ),
    );
  });

  it('draws another order for every epoch and seed, and the same again for equal ones', () => {
    const lengths = e2eLike.slice(0, 100);
    const orderOf = (seed: number, dataSeed?: number) =>
      new BatchOrder(examplesOf(lengths), settings({}), { seed, dataSeed });
    const first = epochOf(orderOf(1));
    expect(epochOf(orderOf(1))).toEqual(first);
    expect(epochOf(orderOf(2, 1))).toEqual(first);
    expect(epochOf(orderOf(2))).not.toEqual(first);
    expect(epochOf(orderOf(1), first.length)).not.toEqual(first);
  });

  it('wastes little on padding where lengths are grouped', () => {
    const wasteWith = (changes: Partial<Hyperparameters>) =>
      wasteOf(epochOf(new BatchOrder(examplesOf(e2eLike), settings(changes), { seed: 3 })), e2eLike);
    expect(wasteWith({ groupByLength: false })).toBeGreaterThan(0.2);
    expect(wasteWith({})).toBeLessThan(0.05);
    expect(wasteWith({ batchSize: 4096, maxTokensPerBatch: 2048 })).toBeLessThan(0.1);
  });
});

it('batchesByLength takes all examples, the longest first', () => {
  const batches = batchesByLength(examplesOf([3, 9, 5, 7]), { batchSize: 3, maxTokensPerBatch: 18 });
  expect(batches).toEqual([
    [1, 3],
    [2, 0],
  ]);
});

it.each([
  [8, 4, [2, 2, 2, 2]],
  [7, 4, [2, 2, 2, 1]],
  [3, 4, [1, 1, 1]],
  [5, 1, [5]],
])('parts cuts %i items into at most %i', (count, into, sizes) => {
  const items = Array.from({ length: count }, (_, i) => i);
  const cut = parts(items, into);
  expect(cut.map(({ length }) => length)).toEqual(sizes);
  expect(cut.flat()).toEqual(items);
});
