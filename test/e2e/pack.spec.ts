import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster } from './support/cluster.js';
import { startTinyCluster } from './support/tiny-cluster.js';
import { ended, submitTraining, uploadRows } from './support/training-run.js';
import { until } from './support/until.js';

let cluster: Cluster;

function lora(seed: number, changes: object = {}, options: object = {}) {
  const hyperparameters = {
    max_steps: 60,
    batch_size: 4,
    learning_rate: 0.01,
    evaluation_steps: 20,
    ...changes,
  };
  return {
    seed,
    method: {
      type: 'prad' as const,
      prad: { adapter: 'lora' as const, rank: 4, ...options, hyperparameters },
    },
  };
}

beforeAll(async () => {
  cluster = await startTinyCluster();
});

afterAll(async () => {
  await cluster.stop();
});

const messagesOf = async (id: string) => (await cluster.client.jobEvents(id)).map(({ message }) => message);
const pack = { pack: true };

/** Holds the worker, so that what is submitted meanwhile waits. */
async function held<T>(submit: () => Promise<T>): Promise<T> {
  const { id } = await submitTraining(cluster, lora(0, { max_steps: 1_000_000, evaluation_steps: 0 }));
  await until('the worker to be busy', async () =>
    (await cluster.client.job(id)).status === 'running' ? true : undefined,
  );
  const submitted = await submit();
  await cluster.client.cancelJob(id);
  return submitted;
}

/** In their order. */
async function submitAll(requests: readonly object[]): Promise<string[]> {
  const ids = [];
  for (const request of requests) ids.push((await submitTraining(cluster, request)).id);
  return ids;
}

const validLosses = async (id: string) =>
  (await messagesOf(id)).filter((message) => message.includes('validation loss'));

it('trains waiting jobs in one pass, each to what it would be alone', async () => {
  const files = {
    training_file: await uploadRows(cluster, 'train', 16),
    validation_file: await uploadRows(cluster, 'validation', 8),
  };
  const jobOf = (seed: number, pack: boolean) => ({
    ...files,
    ...lora(seed, { pack, learning_rate: seed / 100 }, { dropout: 0.1 }),
  });
  const ids = await held(() => submitAll([1, 2, 3].map((seed) => jobOf(seed, true))));
  for (const [index, id] of ids.entries()) {
    expect(await ended(cluster, id)).toMatchObject({ status: 'succeeded', prad: { attempts: 1 } });
    expect(await messagesOf(id)).toContain('Training in one pass with 2 other jobs');
    const alone = await ended(cluster, (await submitTraining(cluster, jobOf(index + 1, false))).id);
    expect(await validLosses(id)).toEqual(await validLosses(alone.id));
  }
});

it('goes on without a member that is cancelled, and later with one that is paused', async () => {
  const steps = [1_200, 1_000_000, 1_000_000];
  const [stays, cancelled, paused] = await held(() =>
    submitAll(steps.map((max_steps, seed) => lora(seed, { ...pack, max_steps }))),
  );
  await until('all of them to train', async () =>
    (await messagesOf(paused!)).some((message) => message.startsWith('Step')) ? true : undefined,
  );
  await cluster.client.cancelJob(cancelled!);
  await cluster.client.pauseJob(paused!);
  expect(await ended(cluster, stays!)).toMatchObject({ status: 'succeeded' });
  expect(await ended(cluster, cancelled!)).toMatchObject({ status: 'cancelled' });
  expect((await cluster.client.job(paused!)).status).toBe('paused');
  await cluster.client.cancelJob(paused!);
});

it('hands all members back when the worker is killed, and trains them again', async () => {
  const long = { ...pack, max_steps: 1_500, evaluation_steps: 500 };
  const ids = await held(() => submitAll([1, 2].map((seed) => lora(seed, long))));
  await until('both to train', async () =>
    (await messagesOf(ids[1]!)).some((message) => message.startsWith('Step')) ? true : undefined,
  );
  cluster.workers.at(-1)!.kill();
  await cluster.startWorker();
  for (const id of ids) {
    const job = await ended(cluster, id);
    expect(job).toMatchObject({ status: 'succeeded' });
    expect(job.prad.attempts).toBe(2);
  }
});

it('refuses what does not train in a pack', async () => {
  const full = {
    method: { type: 'prad' as const, prad: { adapter: 'full' as const, hyperparameters: { pack: true } } },
  };
  await expect(submitTraining(cluster, full)).rejects.toThrow(/do not train in a pack/);
});
