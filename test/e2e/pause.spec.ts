import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster } from './support/cluster.js';
import { startTinyCluster } from './support/tiny-cluster.js';
import { ended, submitTraining, uploadRows } from './support/training-run.js';
import { until } from './support/until.js';

let cluster: Cluster;

function stepsOf(max_steps: number, evaluation_steps: number) {
  const hyperparameters = { max_steps, batch_size: 8, learning_rate: 0.01, evaluation_steps };
  return { method: { type: 'prad' as const, prad: { rank: 4, dropout: 0.1, hyperparameters } } };
}

beforeAll(async () => {
  cluster = await startTinyCluster();
});

afterAll(async () => {
  await cluster.stop();
});

const statusOf = async (id: string) => (await cluster.client.job(id)).status;
const messagesOf = async (id: string) => (await cluster.client.jobEvents(id)).map(({ message }) => message);
const digestOf = async (name: string | null) => (await cluster.database.adapters.get(name!)).latest.digest;

function becomes(id: string, status: string): Promise<true> {
  return until(`${id} ${status}`, async () => {
    const now = await statusOf(id);
    expect(['succeeded', 'failed']).not.toContain(now);
    return now === status ? true : undefined;
  });
}

function told(id: string, pattern: RegExp): Promise<string> {
  return until(`${id} telling ${pattern.source}`, async () =>
    (await messagesOf(id)).find((message) => pattern.test(message)),
  );
}

it('pauses a training, goes on with it, and ends in the bytes of one that was never paused', async () => {
  const request = { ...stepsOf(1_000, 250), training_file: await uploadRows(cluster, 'train', 16) };
  const whole = await ended(cluster, (await submitTraining(cluster, request)).id);
  const { id } = await submitTraining(cluster, { ...request, validation_file: whole.validation_file! });
  await told(id, /^Step \d+\/1000: training/);
  await cluster.client.pauseJob(id);
  await becomes(id, 'paused');
  const { trainingState, attempts } = await cluster.database.fineTuningJobs.get(id);
  expect(attempts).toBe(0);
  expect(trainingState!.step).toBeGreaterThan(0);

  expect((await cluster.client.resumeJob(id)).status).toBe('queued');
  const job = await ended(cluster, id);
  expect(await digestOf(job.fine_tuned_model)).toBe(await digestOf(whole.fine_tuned_model));
  const story = (await messagesOf(id)).filter((message) => /paus|resum|continues/i.test(message));
  expect(story).toEqual([
    'Pause requested',
    `The job was paused after step ${trainingState!.step}`,
    'The job was resumed',
    expect.stringContaining(`Training continues after step ${trainingState!.step}:`) as string,
  ]);
  expect(await cluster.database.fineTuningJobs.get(id)).toMatchObject({ trainingState: null });
});

it('pauses in the middle of a validation, and cancels what is paused', async () => {
  const validation_file = await uploadRows(cluster, 'long-validation', 60_000);
  const { id } = await submitTraining(cluster, { ...stepsOf(3, 0), validation_file });
  await told(id, /^Training started/);
  const asked = performance.now();
  await cluster.client.pauseJob(id);
  await becomes(id, 'paused');
  expect(performance.now() - asked).toBeLessThan(20_000);
  expect((await messagesOf(id)).some((message) => message.startsWith('Step 0/3: validation'))).toBe(false);
  expect((await cluster.client.cancelJob(id)).status).toBe('cancelled');
});

it('leaves no state behind when a paused job is cancelled', async () => {
  const { id } = await submitTraining(cluster, stepsOf(1_000_000, 0));
  await told(id, /^Step \d+\/1000000: training/);
  await cluster.client.pauseJob(id);
  await becomes(id, 'paused');
  const { trainingState } = await cluster.database.fineTuningJobs.get(id);
  const path = join(cluster.dataFolder, 'blobs', trainingState!.blobKey);
  expect(existsSync(path)).toBe(true);
  expect((await cluster.client.cancelJob(id)).status).toBe('cancelled');
  expect(existsSync(path)).toBe(false);
  expect(await messagesOf(id)).toContain('The job was cancelled while it waited');
});

it('pauses a job that waits, and refuses to pause or resume one that has ended', async () => {
  const running = await submitTraining(cluster, stepsOf(1_000_000, 0));
  await becomes(running.id, 'running');
  const { id } = await submitTraining(cluster, stepsOf(3, 0));
  expect((await cluster.client.pauseJob(id)).status).toBe('paused');
  expect((await cluster.client.pauseJob(id)).status).toBe('paused');
  await cluster.client.cancelJob(running.id);
  await ended(cluster, running.id);
  await expect(cluster.client.pauseJob(running.id)).rejects.toThrow(/cannot be paused/);
  await expect(cluster.client.resumeJob(running.id)).rejects.toThrow(/cannot be resumed/);
  expect(await statusOf(id)).toBe('paused');
  await cluster.client.resumeJob(id);
  expect(await ended(cluster, id)).toMatchObject({ status: 'succeeded' });
});
