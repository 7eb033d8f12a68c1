import { watch } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_PROJECT } from '@prad/domain';
import { randomStream } from '@prad/nn';
import { expect } from 'vitest';
import { importModel } from '../../../apps/cli/src/stack/import-model.js';
import { Cluster } from './cluster.js';
import { writeTinyModel } from './tiny-model.js';
import { ended, MODEL, submitTraining, uploadRows } from './training-run.js';
import { until } from './until.js';

const STEPS = 300;
/** A state after every step, so that faults fall into writing them, too. */
const environment = { TRAINING_STATE_MS: '0' };
const random = randomStream(29, 'faults');

let cluster: Cluster;

const worker = () => cluster.workers.at(-1)!;

async function killed(): Promise<void> {
  worker().kill();
  await cluster.startWorker(environment);
}

async function stopped(): Promise<void> {
  await worker().stop(25_000);
  expect(worker().fate).toBe('exit code 0');
  await cluster.startWorker(environment);
}

/** Kills the worker the moment that it has put a blob under the folder, which is before the row that names it. */
async function killedAtBlob(name: string): Promise<void> {
  const folder = join(cluster.dataFolder, 'blobs', name);
  await mkdir(folder, { recursive: true });
  await new Promise<void>((resolve, reject) => {
    const done = (settle: () => void) => {
      watcher.close();
      clearTimeout(timer);
      settle();
    };
    const timer = setTimeout(() => done(() => reject(new Error(`nothing was put under ${name}`))), 30_000);
    const watcher = watch(folder, { recursive: true }, () => {
      worker().kill();
      done(resolve);
    });
  });
  await cluster.startWorker(environment);
}

/** Cuts all connections to Postgres, as its restart does. */
async function cutOff(): Promise<void> {
  const { dataSource } = cluster.database;
  await dataSource
    .query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
    .catch(() => undefined);
}

const faults: Readonly<Record<string, () => Promise<void>>> = {
  'SIGKILL in a step': killed,
  'SIGTERM in a step': stopped,
  'SIGKILL as a checkpoint is stored': () => killedAtBlob('checkpoints'),
  'SIGKILL as a state is stored': () => killedAtBlob('training-states'),
  'Postgres cuts all connections': cutOff,
  'SIGTERM, then SIGKILL of the next': async () => {
    await stopped();
    await sleep(random.below(500));
    await killed();
  },
};

/**
 * Trains once undisturbed, then once for each round with a fault at a random moment: every job must end once, in the same
 * bytes, with every step recorded once. Prints what befell each.
 */
export async function surviveFaults(rounds: number): Promise<void> {
  cluster = await Cluster.start();
  try {
    await cluster.startWorker(environment);
    const folder = join(cluster.dataFolder, 'source');
    await writeTinyModel(folder);
    await importModel(cluster.client, { source: folder, name: MODEL });
    await trainThrough(rounds);
  } finally {
    await cluster.stop();
  }
}

async function trainThrough(rounds: number): Promise<void> {
  const hyperparameters = { max_steps: STEPS, batch_size: 16, learning_rate: 0.01, evaluation_steps: 15 };
  const request = {
    method: { type: 'prad' as const, prad: { rank: 4, dropout: 0.1, hyperparameters } },
    training_file: await uploadRows(cluster, 'train', 16),
    validation_file: await uploadRows(cluster, 'validation', 8),
  };
  const digestOf = async (name: string | null) => (await cluster.database.adapters.get(name!)).latest.digest;
  const start = performance.now();
  const whole = await ended(cluster, (await submitTraining(cluster, request)).id);
  const undisturbedMs = performance.now() - start;
  const expected = await digestOf(whole.fine_tuned_model);
  const table: object[] = [];
  for (let round = 0; round < rounds; round++) {
    const [name, fault] = Object.entries(faults)[round % Object.keys(faults).length]!;
    const { id } = await submitTraining(cluster, request);
    const stepOf = async () => (await cluster.client.job(id)).prad.progress?.step;
    await until('the training under way', stepOf);
    // Early enough, on a machine of any speed, that the fault falls before the end.
    await sleep(random.below(undisturbedMs / 2));
    const at = await stepOf();
    expect(at).toBeLessThan(STEPS);
    await fault();
    const job = await ended(cluster, id);
    const steps = (await cluster.database.jobMetrics.series(id)).map(({ step }) => step);
    expect(steps).toEqual(Array.from({ length: STEPS + 1 }, (_, step) => step));
    const attempts = (await cluster.client.jobEvents(id)).flatMap(({ data }) =>
      Number(data['attempt'] ?? []),
    );
    expect(attempts, 'attempts follow one another').toEqual([...attempts].sort((a, b) => a - b));
    const same = (await digestOf(job.fine_tuned_model)) === expected;
    table.push({
      fault: name,
      'at step': at,
      attempts: job.prad.attempts,
      status: job.status,
      'same bytes': same,
    });
  }
  console.table(table);
  expect(table).toEqual(table.map((row) => ({ ...row, status: 'succeeded', 'same bytes': true })));
  const adapters = await cluster.database.adapters.list(DEFAULT_PROJECT, { limit: 100 });
  expect(adapters.items).toHaveLength(rounds + 1);
}
