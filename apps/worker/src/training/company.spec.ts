import type { FineTuningJob } from '@prad/domain';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Seat } from '../compute/open-packs.js';
import { SPLIT_WARNING } from './attempts.js';
import { companionsOf, gather, isPackable } from './company.js';

function jobOf(
  id: string,
  changes: object = {},
  warnings: string[] = [],
  method: object = {},
): FineTuningJob {
  const settings = {
    ...{ epochs: 1, batchSize: 8, learningRate: 1, warmupRatio: 0, weightDecay: 0, maxGradNorm: 1 },
    ...{ maxLength: 8, pack: true, ...changes },
  };
  return {
    ...{ id, warnings },
    method: { adapter: 'lora', options: {}, hyperparameters: settings, ...method },
  } as unknown as FineTuningJob;
}

const idsOf = (jobs: readonly FineTuningJob[]) => jobs.map(({ id }) => id);
const named = (count: number, changes: object = {}) =>
  Array.from({ length: count }, (_, index) => jobOf(`job-${index}`, changes));

it('packs what asks for it, and never again what ran out of memory', () => {
  expect(isPackable(jobOf('a'))).toBe(true);
  expect(isPackable(jobOf('a', { pack: undefined }))).toBe(false);
  expect(isPackable(jobOf('a', {}, [SPLIT_WARNING]))).toBe(false);
});

it('takes at most eight jobs, and no more than 64 rows a pass, in their order', () => {
  expect(companionsOf(jobOf('lead', { batchSize: 1 }), named(20, { batchSize: 1 }))).toHaveLength(7);
  expect(companionsOf(jobOf('lead', { batchSize: 16 }), named(20, { batchSize: 16 }))).toHaveLength(3);
  const split = { batchSize: 32, gradientAccumulationSteps: 4 };
  expect(companionsOf(jobOf('lead', split), named(20, split))).toHaveLength(7);
  const mixed = [jobOf('large', { batchSize: 60 }), jobOf('small'), jobOf('smaller', { batchSize: 2 })];
  expect(idsOf(companionsOf(jobOf('lead'), mixed))).toEqual(['small', 'smaller']);
});

it('takes only jobs whose pass is one graph', () => {
  const others = [jobOf('plain'), jobOf('smoothed', { labelSmoothing: 0.1 })];
  expect(idsOf(companionsOf(jobOf('lead'), others))).toEqual(['plain']);
  const ranked = (id: string, rank: number) => jobOf(id, {}, [], { adapter: 'lora', options: { rank } });
  expect(idsOf(companionsOf(ranked('lead', 4), [ranked('equal', 4), ranked('wider', 8)]))).toEqual(['equal']);
});

it('seats those that were claimed, once it is known of all', async () => {
  const seats: Seat[] = [];
  const company = await gather(named(4), async ({ id }, seat) => {
    if (id === 'job-1') return; // Somebody else works on it.
    if (id === 'job-2') throw new Error('it cannot be claimed now');
    if (id === 'job-3') await sleep(20);
    seats.push(await seat());
  });
  await company.ended;
  const { pack } = company.seat!;
  expect(company.seat).toEqual({ pack, size: 3, member: 0 });
  expect(seats.map((seat) => seat.member).sort()).toEqual([1, 2]);
  expect(seats.every((seat) => seat.pack === pack && seat.size === 3)).toBe(true);
});

it('leaves a job alone whose companions are gone', async () => {
  expect((await gather([], () => Promise.reject(new Error('nobody to run')))).seat).toBeUndefined();
  expect((await gather(named(2), () => Promise.resolve())).seat).toBeUndefined();
});
