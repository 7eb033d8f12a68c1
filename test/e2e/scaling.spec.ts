import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScalingObject } from '@prad/contracts';
import { DEFAULT_PROJECT } from '@prad/domain';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import { Cluster } from './support/cluster.js';
import { PoolSupervisor } from './support/pool-supervisor.js';
import { writeTinyModel } from './support/tiny-model.js';
import { ended, MODEL, uploadRows } from './support/training-run.js';
import { until } from './support/until.js';

const TRAININGS = 12;
const REQUESTS = 18;
const TOKEN = 'token-of-the-supervisor';

const redisUrl = inject('redisUrl');
let cluster: Cluster;
const begun = Date.now();
const timeline: string[] = [];

function log(line: string): void {
  timeline.push(`${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`);
}

function pool(role: 'train' | 'generate', perWorker: number): PoolSupervisor {
  return new PoolSupervisor({
    ...{ role, perWorker, most: 3, cooldownMs: 1_500, graceMs: 12_000, log },
    demand: async () => {
      const headers = { authorization: `Bearer ${TOKEN}` };
      const response = await fetch(`${cluster.client.url}/internal/scaling/${role}`, { headers });
      expect(response.status).toBe(200);
      return (await response.json()) as ScalingObject;
    },
    start: () => cluster.startWorker({ WORKER_ROLES: role, MAX_NUM_SEQS: String(perWorker) }),
  });
}

beforeAll(async () => {
  if (redisUrl === undefined) return;
  // No worker is killed here, and on a busy machine a short lease would run out under one that lives.
  const environment = { SCALING_TOKEN: TOKEN, WORKER_LEASE_MS: '15000' };
  cluster = await Cluster.start({ redisUrl, environment });
  const importer = await cluster.startWorker({ WORKER_ROLES: 'import' });
  const folder = join(cluster.dataFolder, 'source');
  await writeTinyModel(folder);
  await importModel(cluster.client, { source: folder, name: MODEL });
  await importer.stop(20_000);
});

afterAll(async () => {
  if (redisUrl !== undefined) await cluster.stop();
});

/** Trainings of different lengths, and requests, in turns. */
async function submitAll(): Promise<{ trainings: string[]; answers: Promise<unknown>[] }> {
  const files = {
    training_file: await uploadRows(cluster, 'train', 16),
    validation_file: await uploadRows(cluster, 'validation', 8),
  };
  const trainings: string[] = [];
  const answers: Promise<unknown>[] = [];
  for (let i = 0; i < TRAININGS + REQUESTS; i++) {
    if (i % 5 < 2) {
      const hyperparameters = { max_steps: 20 + 20 * (i % 4), batch_size: 4, learning_rate: 0.01 };
      const method = { type: 'prad' as const, prad: { rank: 4, hyperparameters } };
      trainings.push((await cluster.client.createJob({ model: MODEL, seed: i, method, ...files })).id);
    } else {
      const request = { model: MODEL, prompt: `The inn number ${i} ->`, max_tokens: 60, temperature: 0 };
      answers.push(cluster.client.complete(request));
    }
    await sleep(30);
  }
  return { trainings, answers };
}

it.skipIf(redisUrl === undefined)(
  'scales both pools from none to three and back while 30 jobs arrive, and does every job once',
  async () => {
    const pools = [pool('train', 1), pool('generate', 4)];
    for (const each of pools) each.start();
    await sleep(1_000);
    expect(pools.map(({ sizes }) => sizes)).toEqual([[0], [0]]);

    const { trainings, answers } = await submitAll();
    log(`${trainings.length} trainings and ${answers.length} requests submitted`);
    const texts = await Promise.all(answers);
    log('all requests answered');
    const jobs = await Promise.all(trainings.map((id) => ended(cluster, id, 120_000)));
    log('all trainings ended');
    await until('both pools empty', () =>
      Promise.resolve(pools.every(({ sizes }) => sizes.at(-1) === 0) || undefined),
    );
    for (const each of pools) await each.stop();
    log('all workers ended');
    process.stdout.write(`\n${timeline.join('\n')}\n`);

    expect([trainings.length, texts.length]).toEqual([TRAININGS, REQUESTS]);
    for (const { sizes, fates } of pools) {
      expect(Math.max(...sizes)).toBe(3);
      expect(sizes.at(-1)).toBe(0);
      expect(new Set(fates)).toEqual(new Set(['exit code 0']));
    }
    const { database } = cluster;
    expect(jobs.map(({ status }) => status)).toEqual(jobs.map(() => 'succeeded'));
    for (const { id, prad } of jobs) {
      // Handed back attempts do not count, and nobody was killed.
      expect([id, prad.attempts]).toEqual([id, 1]);
    }
    const page = { limit: 100 };
    const { items: adapters } = await database.adapters.list(DEFAULT_PROJECT, page);
    expect(adapters.map(({ latest }) => latest.jobId).sort()).toEqual([...trainings].sort());
    const { items: requests } = await database.inferenceJobs.list(DEFAULT_PROJECT, page);
    expect(requests.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual(
      Array.from({ length: REQUESTS }, () => 'succeeded 1'),
    );
    // The event that only a training's end writes.
    for (const id of trainings) {
      const events = await cluster.client.jobEvents(id);
      const made = events.filter(({ message }) => message.startsWith('New fine-tuned model created'));
      expect([id, made.length]).toEqual([id, 1]);
    }
  },
);
