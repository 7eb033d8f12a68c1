import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster } from '../e2e/support/cluster.js';
import { startTinyCluster } from '../e2e/support/tiny-cluster.js';
import { ended, MODEL } from '../e2e/support/training-run.js';

const ROWS = 1_000_000;
const STEPS = 50;
/** What a large file may cost beyond a small one, in MB, of the API and the worker each. */
const ALLOWED = 1_500;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startTinyCluster();
});

afterAll(() => cluster.stop());

const streets = ['harbour', 'market', 'mill', 'castle', 'garden'];
const courses = ['soup', 'bread and cheese', 'a stew of lamb', 'fish from the river'];

/** Places with a few facts, told in rows of some 40 tokens. */
function* rows(count: number): Generator<string> {
  for (let i = 0; i < count; i++) {
    const prompt = `name: The Bell ${i}, near: the ${streets[i % 5]}, food: ${courses[i % 4]} ->`;
    const completion = ` The Bell ${i} lies near the ${streets[i % 5]} and serves ${courses[i % 4]}.`;
    yield `${JSON.stringify({ prompt, completion })}\n`;
  }
}

/** Most memory that the processes ever had, in MB. */
async function peaks(): Promise<{ api: number; worker: number }> {
  const peakOf = async (pid: number | undefined) => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) / 1_024);
  };
  return { api: await peakOf(cluster.api.pid), worker: await peakOf(cluster.workers[0]!.pid) };
}

async function trainedOn(count: number) {
  const path = join(cluster.dataFolder, `${count}.jsonl`);
  await pipeline(Readable.from(rows(count)), createWriteStream(path));
  const start = performance.now();
  const file = await cluster.client.uploadFile(path);
  const uploadSeconds = (performance.now() - start) / 1_000;
  expect(file.prad.rows).toBe(count);
  const hyperparameters = { max_steps: STEPS, batch_size: 8, learning_rate: 0.01 };
  const { id } = await cluster.client.createJob({
    ...{ model: MODEL, seed: 7, training_file: file.id, validation_file: null },
    method: { type: 'prad', prad: { rank: 4, hyperparameters } },
  });
  const job = await ended(cluster, id, 1_200_000);
  expect(job).toMatchObject({ status: 'succeeded', prad: { progress: { step: STEPS } } });
  const seconds = (performance.now() - start) / 1_000;
  return {
    ...{ rows: count, 'file MB': Math.round(file.bytes / 1e6) },
    ...{ 'upload s': Math.round(uploadSeconds), 'all s': Math.round(seconds) },
    ...(await peaks()),
  };
}

it('takes, checks and trains on a million rows in little more memory than a hundred take', async () => {
  const small = await trainedOn(100);
  const large = await trainedOn(ROWS);
  console.table([small, large]);
  expect(large.api - small.api).toBeLessThan(ALLOWED);
  expect(large.worker - small.worker).toBeLessThan(ALLOWED);
}, 1_800_000);
