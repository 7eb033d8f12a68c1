import { DEFAULT_PROJECT } from '@prad/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster } from './support/cluster.js';
import { startTinyCluster } from './support/tiny-cluster.js';
import { ended, submitTraining } from './support/training-run.js';
import { until } from './support/until.js';

let cluster: Cluster;

function stepsOf(max_steps: number) {
  const hyperparameters = { max_steps, batch_size: 8, learning_rate: 0.01, evaluation_steps: 10 };
  return { method: { type: 'prad' as const, prad: { rank: 4, hyperparameters } } };
}

/** Long enough to be interrupted. */
const long = stepsOf(300);
const states = { TRAINING_STATE_MS: '0' };
/** Ends only when it is told to. */
const endless = stepsOf(1_000_000);

beforeAll(async () => {
  cluster = await startTinyCluster(states);
});

afterAll(async () => {
  await cluster.stop();
});

/** Waits until a checkpoint of the job was written. */
async function begun(id: string): Promise<void> {
  await until('the first checkpoint', async () => {
    const { items } = await cluster.database.checkpoints.list(id, { limit: 1 });
    return items[0];
  });
}

it('goes on with the training of a killed worker after its last state, and ends it once', async () => {
  const undisturbed = await submitTraining(cluster, long);
  const expected = await ended(cluster, undisturbed.id);
  const { id } = await submitTraining(cluster, long);
  await begun(id);
  cluster.workers[0]!.kill();
  await cluster.startWorker(states);
  const job = await ended(cluster, id);
  expect(job).toMatchObject({ status: 'succeeded', prad: { attempts: 2 } });

  const digest = async (name: string | null) => (await cluster.database.adapters.get(name!)).latest.digest;
  expect(await digest(job.fine_tuned_model)).toBe(await digest(expected.fine_tuned_model));
  const steps = (await cluster.database.jobMetrics.series(id)).map(({ step }) => step);
  expect(steps).toEqual(Array.from({ length: 301 }, (_, step) => step));
  const events = await cluster.client.jobEvents(id);
  expect(events.some(({ message }) => /^Training continues after step \d+: 300 steps/.test(message))).toBe(
    true,
  );
  expect(events.filter(({ message }) => message.startsWith('Training started'))).toHaveLength(1);
  expect((await cluster.database.adapters.list(DEFAULT_PROJECT, { limit: 100 })).items).toHaveLength(2);
});

it('hands the training back when the worker is asked to stop, and goes on with it elsewhere until it is cancelled', async () => {
  const { id } = await submitTraining(cluster, endless);
  const next = await submitTraining(cluster);
  await begun(id);
  const worker = cluster.workers.at(-1)!;
  await worker.stop(20_000);
  expect(worker.fate).toBe('exit code 0');
  expect(await cluster.client.job(id)).toMatchObject({ status: 'queued', prad: { attempts: 0 } });

  const { trainingState } = await cluster.database.fineTuningJobs.get(id);
  const messagesOf = async () => (await cluster.client.jobEvents(id)).map(({ message }) => message);
  await cluster.startWorker();
  await until('the job running again', async () => {
    const { status } = await cluster.client.job(id);
    return status === 'running' ? status : undefined;
  });
  await until('the training going on', async () =>
    (await messagesOf()).find((message) =>
      message.startsWith(`Training continues after step ${trainingState!.step}:`),
    ),
  );
  await cluster.client.cancelJob(id);
  expect(await ended(cluster, id)).toMatchObject({ status: 'cancelled', fine_tuned_model: null });
  expect((await cluster.client.jobEvents(id)).at(-1)!.message).toBe('The job was cancelled');
  expect(await ended(cluster, next.id)).toMatchObject({ status: 'succeeded' });
});
