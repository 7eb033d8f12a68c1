import { expect, it } from 'vitest';
import type { TrainingRun } from './fit.js';
import { runDigest } from './run-digest.js';

const hyperparameters = {
  ...{
    epochs: 1,
    batchSize: 4,
    learningRate: 1,
    warmupRatio: 0,
    weightDecay: 0,
    maxGradNorm: 1,
    maxLength: 9,
  },
};

function run(changes: object = {}, examples: TrainingRun['examples'] = []): TrainingRun {
  const plan = { trainable: { kind: 'full' }, hyperparameters, seed: 1, workFolder: '/a', intraOpThreads: 1 };
  return {
    plan: { ...plan, ...changes },
    model: { digest: 'd' },
    examples,
    validation: [],
  } as unknown as TrainingRun;
}

const example = (...tokens: number[]) => ({ tokens, promptLength: 1 });

it('is that of the same run wherever it goes on, and of no other', () => {
  const same = [{ workFolder: '/b' }, { intraOpThreads: 8 }, { device: 'webgpu' }].map((changes) =>
    run(changes),
  );
  const split = run({ hyperparameters: { ...hyperparameters, gradientAccumulationSteps: 2 } });
  for (const other of [...same, split]) expect(runDigest(other)).toBe(runDigest(run()));
  const others = [
    run({ seed: 2 }),
    run({ hyperparameters: { ...hyperparameters, batchSize: 5 } }),
    run({}, [example(1, 2)]),
    run({}, [example(1, 2), example(3)]),
    run({}, [example(1), example(2, 3)]),
  ];
  expect(new Set([run(), ...others].map(runDigest)).size).toBe(others.length + 1);
});

it('takes examples as long as any context', () => {
  const long = { tokens: Array.from({ length: 1 << 20 }, () => 7), promptLength: 1 };
  expect(runDigest(run({}, [long]))).toMatch(/^[0-9a-f]{64}$/);
});
