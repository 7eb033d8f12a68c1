import type { Repositories } from '@prad/database';
import type { FineTuningJob } from '@prad/domain';
import { AppError } from '@prad/errors';
import { Postponed, type JobContext } from '@prad/queue';
import type { ComputeThread } from '@prad/runtime';
import type { BlobStore } from '@prad/storage';
import type { TrainingPlan } from '@prad/training';
import { expect, it } from 'vitest';
import type { TrainingHandlers } from '../compute/training-thread.js';
import type { TrainingMetrics } from '../metrics/training-metrics.js';
import { SPLIT_WARNING } from './attempts.js';
import { TrainHandler } from './train.handler.js';

const hyperparameters = {
  ...{
    epochs: 1,
    batchSize: 8,
    learningRate: 1,
    warmupRatio: 0,
    weightDecay: 0,
    maxGradNorm: 1,
    maxLength: 8,
  },
};

const outOfMemory = () =>
  new AppError({ kind: 'exhausted', code: 'out_of_memory', message: 'the graph did not run: bad_alloc' });

const diskFull = () => new AppError({ kind: 'exhausted', code: 'disk_full', message: 'no room' });

/** A handler over one row, and the plans that its thread was given; each fails with the next of `errors`. */
function handlerThat(errors: readonly (AppError | undefined)[], facts: object = {}) {
  const plans: TrainingPlan[] = [];
  const events: string[] = [];
  let job = {
    ...{
      id: 'ftjob-1',
      model: 'm',
      trainingFile: 'f',
      validationFile: null,
      seed: 1,
      attempts: 1,
      warnings: [],
    },
    ...{ status: 'running', trainingState: null, stalledSince: null, ...facts },
    method: { adapter: 'lora', scope: 'prompt', options: {}, hyperparameters },
  } as unknown as FineTuningJob;
  const rows = {
    fineTuningJobs: {
      claim: () => Promise.resolve(job),
      heartbeat: () => Promise.resolve({ alive: true, cancelRequested: false }),
      release: () => Promise.resolve(),
      get: () => Promise.resolve(job),
      stall: () => {
        job = { ...job, stalledSince: job.stalledSince ?? new Date() };
        return Promise.resolve(job);
      },
      splitBatches: (_id: string, _owner: string, passes: number, warning: string) => {
        const settings = { ...hyperparameters, gradientAccumulationSteps: passes };
        job = { ...job, warnings: [warning], method: { ...job.method, hyperparameters: settings } };
        return Promise.resolve(job);
      },
    },
    baseModels: { getReady: () => Promise.resolve({ blobKey: 'models/m' }) },
    dataFiles: { get: () => Promise.resolve({ blobKey: 'files/f' }) },
    jobEvents: {
      append: (_: string, { message }: { message: string }) => {
        events.push(message);
        return Promise.resolve();
      },
    },
  } as unknown as Repositories;
  const blobs = {
    withScratch: (use: (folder: string) => Promise<void>) => use('/scratch'),
    localPath: (key: string) => Promise.resolve(`/blobs/${key}`),
    exists: () => Promise.resolve(true),
  } as unknown as BlobStore;
  const thread = {
    async *stream(_method: string, plan: TrainingPlan) {
      const error = errors[plans.push(plan) - 1];
      if (error) throw await Promise.resolve(error);
      yield* [];
    },
  } as unknown as ComputeThread<TrainingHandlers>;
  const metrics = { end: () => undefined } as unknown as TrainingMetrics;
  const settings = { intraOpThreads: 1, device: 'cpu', stateEveryMs: 60_000, mostOfProject: 0 } as const;
  const handler = new TrainHandler(
    rows,
    blobs,
    thread,
    { leaseMs: 10_000, heartbeatMs: 1_000 },
    settings,
    metrics,
  );
  const context = { signal: new AbortController().signal } as JobContext<'train'>;
  const done = () => handler.handle({ fineTuningJobId: 'ftjob-1' }, context);
  return { done, plans, events };
}

const passesOf = (plans: readonly TrainingPlan[]) =>
  plans.map((plan) => plan.hyperparameters.gradientAccumulationSteps);

it('tries a job that ran out of memory once more, with half of each batch at once', async () => {
  const { done, plans, events } = handlerThat([outOfMemory(), undefined]);
  await done();
  expect(passesOf(plans)).toEqual([undefined, 2]);
  expect(events).toEqual([SPLIT_WARNING]);
});

it('fails a job that runs out of memory again, for good and with the reason', async () => {
  const { done, plans } = handlerThat([outOfMemory(), outOfMemory()]);
  await expect(done()).rejects.toMatchObject({ kind: 'conflict', code: 'out_of_memory' });
  expect(passesOf(plans)).toEqual([undefined, 2]);
});

it('begins anew, and says so, where the state of an earlier attempt cannot be used', async () => {
  const unusable = new AppError({
    kind: 'conflict',
    code: 'training_state_unusable',
    message: 'it is cut short',
  });
  const state = { step: 4, blobKey: 'training-states/ftjob-1/1/step-4.safetensors', digest: 'd', bytes: 1 };
  const { done, plans, events } = handlerThat([unusable, undefined], { trainingState: state });
  await done();
  expect(plans.map(({ resumeFrom }) => resumeFrom)).toEqual([`/blobs/${state.blobKey}`, undefined]);
  expect(events).toEqual(['Training begins anew: it is cut short']);
});

it('puts off a job that finds the disk full, says so once, and takes it up where it was', async () => {
  const state = { step: 4, blobKey: 'training-states/ftjob-1/1/step-4.safetensors', digest: 'd', bytes: 1 };
  const { done, plans, events } = handlerThat([diskFull(), diskFull(), undefined], { trainingState: state });
  await expect(done()).rejects.toBeInstanceOf(Postponed);
  await expect(done()).rejects.toBeInstanceOf(Postponed);
  await done();
  expect(events).toEqual([expect.stringMatching(/waits for room on the disk.*no room/)]);
  expect(plans.map(({ resumeFrom }) => resumeFrom)).toEqual(Array(3).fill(`/blobs/${state.blobKey}`));
});

it('fails a job for which nobody made room within a day', async () => {
  const { done } = handlerThat([diskFull()], { stalledSince: new Date(Date.now() - 25 * 3_600_000) });
  await expect(done()).rejects.toMatchObject({ kind: 'conflict', code: 'disk_full', message: 'no room' });
});
