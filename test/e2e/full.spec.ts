import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster } from './support/cluster.js';
import { startTinyCluster } from './support/tiny-cluster.js';
import { MODEL, ended, submitTraining, uploadRows } from './support/training-run.js';

const cli = join(import.meta.dirname, '../../dist/apps/cli/src/main.js');

let cluster: Cluster;
let tuned: string;

beforeAll(async () => {
  cluster = await startTinyCluster();
});

afterAll(() => cluster.stop());

const answer = async (model: string, number: number): Promise<string> => {
  const prompt = `The ${number % 2 === 0 ? 'inn' : 'pub'} number ${number} ->`;
  const request = { model, prompt, max_tokens: 4, temperature: 0 };
  return (await cluster.client.complete(request)).choices[0]!.text;
};

const full = (hyperparameters: object) => ({
  method: { type: 'prad' as const, prad: { adapter: 'full' as const, hyperparameters } },
});

it('trains all weights by a request, and the new base model answers as it was trained to', async () => {
  const settings = { max_steps: 80, batch_size: 8, learning_rate: 0.01, evaluation_steps: 40 };
  const { id, method } = await submitTraining(cluster, { ...full(settings), suffix: 'warmth' });
  expect(method.prad).toMatchObject({ adapter: 'full', scope: 'all' });
  const job = await ended(cluster, id);
  expect(job).toMatchObject({ status: 'succeeded', error: null });
  tuned = job.fine_tuned_model!;
  expect(tuned).toMatch(/^tiny-warmth-[0-9a-z]{8}$/);
  expect(await cluster.database.baseModels.get(tuned)).toMatchObject({
    ...{ status: 'ready', project: 'default', source: id, architecture: 'llama' },
  });
  expect(await answer(tuned, 2)).toBe(' warm');
  expect(await answer(tuned, 5)).toBe(' cold');
  expect(await answer(MODEL, 2)).not.toBe(' warm');
});

it('the same request makes the same weights', async () => {
  const digests = [];
  for (let time = 0; time < 2; time++) {
    const { id } = await submitTraining(cluster, full({ max_steps: 3, batch_size: 4 }));
    const { fine_tuned_model: name } = await ended(cluster, id);
    const made = await cluster.database.baseModels.getReady(name!);
    expect(name).toMatch(/^tiny-[0-9a-z]{8}$/);
    digests.push(made.digest);
  }
  expect(digests[0]).toBe(digests[1]);
});

it('adapters are trained on the new base model', async () => {
  const { id } = await submitTraining(cluster, { model: tuned });
  const job = await ended(cluster, id);
  expect(job).toMatchObject({ status: 'succeeded', model: tuned });
  expect(job.fine_tuned_model).toMatch(new RegExp(`^ft:${tuned}::[0-9a-z]{8}$`));
  expect(await answer(job.fine_tuned_model!, 2)).toBe(' warm');
});

it('prad train takes full, and refuses a scope for it', async () => {
  const file = await uploadRows(cluster, 'by-hand', 8);
  const env = { ...cluster.workerEnvironment, PRAD_API_URL: cluster.client.url, NO_COLOR: '1' };
  const run = async (...args: string[]): Promise<string> => {
    const all = [
      cli,
      'train',
      '--model',
      MODEL,
      '--file',
      file,
      '--steps',
      '2',
      '--adapter',
      'full',
      ...args,
    ];
    return (await promisify(execFile)(process.execPath, all, { env })).stdout.trim();
  };
  const name = await run();
  expect(name).toMatch(/^tiny-[0-9a-z]{8}$/);
  expect(await answer(name, 2)).toBeDefined();
  await expect(run('--scope', 'prompt')).rejects.toThrow(/its scope is "all"/);
});
