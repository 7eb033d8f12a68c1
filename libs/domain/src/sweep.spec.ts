import { describe, expect, it } from 'vitest';
import type { FineTuningJob, FineTuningStatus } from './fine-tuning-job.js';
import { leaderboard, settledSweep, sweepPoints, type SweepRun } from './sweep.js';

function run(id: string, status: FineTuningStatus, validLoss: number | null): SweepRun {
  return { job: { id, status } as FineTuningJob, validLoss };
}

it('crosses the lists', () => {
  expect(sweepPoints({ learningRate: [1, 2], seed: [7, 8] })).toEqual([
    { learningRate: 1, seed: 7 },
    { learningRate: 1, seed: 8 },
    { learningRate: 2, seed: 7 },
    { learningRate: 2, seed: 8 },
  ]);
  expect(sweepPoints({ rank: [4] })).toEqual([{ rank: 4 }]);
});

it('puts the lowest loss first and runs without one last', () => {
  const runs = [
    run('a', 'queued', null),
    run('b', 'running', 2),
    run('c', 'succeeded', 1),
    run('d', 'queued', null),
  ];
  expect(leaderboard(runs).map(({ job }) => job.id)).toEqual(['c', 'b', 'a', 'd']);
});

describe('the end of a sweep', () => {
  it('is not there while a run is at work', () => {
    expect(settledSweep(false, [run('a', 'succeeded', 1), run('b', 'running', 2)])).toBeUndefined();
  });

  it('is the best of those that succeeded, whatever the others did', () => {
    const runs = [run('a', 'succeeded', 2), run('b', 'failed', 1), run('c', 'succeeded', 1.5)];
    expect(settledSweep(false, runs)).toEqual({ status: 'succeeded', bestJob: 'c' });
    expect(settledSweep(true, runs)).toEqual({ status: 'cancelled', bestJob: 'c' });
  });

  it('is a failure where none succeeded, and a cancel where all were cancelled', () => {
    const runs = [run('a', 'failed', 2), run('b', 'cancelled', null)];
    expect(settledSweep(false, runs)).toEqual({ status: 'failed', bestJob: null });
    expect(settledSweep(false, runs.slice(1))).toEqual({ status: 'cancelled', bestJob: null });
  });
});
