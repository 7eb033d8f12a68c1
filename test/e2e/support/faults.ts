import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_PROJECT } from '@prad/domain';
import { randomStream } from '@prad/nn';
import { expect } from 'vitest';
import { importModel } from '../../../apps/cli/src/stack/import-model.js';
import type { JobRequest } from '../../../apps/cli/src/api/api-client.js';
import { postgresStage, redisStage, type Scene, type Stage } from './fault-scenes.js';
import { writeTinyModel } from './tiny-model.js';
import { ended, MODEL, submitTraining, uploadRows } from './training-run.js';
import { until } from './until.js';

const STEPS = 300;
const random = randomStream(29, 'faults');

/** What a training becomes that nothing befalls. */
interface Undisturbed {
  readonly digest: string;
  readonly ms: number;
}

/**
 * Trains once undisturbed, then once for each round with a fault at a random moment: every job must end once, in the same
 * bytes, with every step recorded once. Prints what befell each, and what could not be brought about on this machine.
 */
export async function surviveFaults(rounds: number): Promise<void> {
  const below = (milliseconds: number) => random.below(milliseconds);
  const stages = [await postgresStage(below), await redisStage(below)];
  const names = stages.flatMap((stage) => stage.names);
  const drawn = Array.from({ length: rounds }, (_, round) => names[round % names.length]!);
  const table: object[] = [];
  let undisturbed: Undisturbed | undefined;
  try {
    for (const stage of stages) {
      const own = drawn.filter((name) => stage.names.includes(name));
      if (own.length > 0) undisturbed = await play(stage, own, undisturbed, table);
    }
  } finally {
    const leftOut = stages.flatMap((stage) => Object.entries(stage.leftOut));
    console.table([...table, ...leftOut.map(([fault, why]) => ({ fault, status: `left out: ${why}` }))]);
  }
  expect(table).toEqual(table.map((row) => ({ ...row, status: 'succeeded', 'same bytes': true })));
}

async function play(
  stage: Stage,
  names: readonly string[],
  before: Undisturbed | undefined,
  table: object[],
): Promise<Undisturbed> {
  const scene = await stage.open();
  const { cluster } = scene;
  try {
    const folder = join(cluster.dataFolder, 'source');
    await writeTinyModel(folder);
    await importModel(cluster.client, { source: folder, name: MODEL });
    const request = await requestOf(scene);
    const undisturbed = before ?? (await trainUndisturbed(scene, request));
    for (const name of names) table.push(await round(scene, name, request, undisturbed));
    const adapters = await cluster.database.adapters.list(DEFAULT_PROJECT, { limit: 100 });
    expect(adapters.items).toHaveLength(names.length + (before ? 0 : 1));
    return undisturbed;
  } finally {
    await scene.close();
  }
}

async function requestOf({ cluster }: Scene): Promise<Partial<JobRequest>> {
  const hyperparameters = { max_steps: STEPS, batch_size: 16, learning_rate: 0.01, evaluation_steps: 15 };
  return {
    method: { type: 'prad' as const, prad: { rank: 4, dropout: 0.1, hyperparameters } },
    training_file: await uploadRows(cluster, 'train', 16),
    validation_file: await uploadRows(cluster, 'validation', 8),
  };
}

async function trainUndisturbed(scene: Scene, request: Partial<JobRequest>): Promise<Undisturbed> {
  const { cluster } = scene;
  const start = performance.now();
  const job = await ended(cluster, (await submitTraining(cluster, request)).id);
  const ms = performance.now() - start;
  return { digest: await digestOf(scene, job.fine_tuned_model), ms };
}

async function digestOf({ cluster }: Scene, name: string | null): Promise<string> {
  expect(name, 'the name of what was trained').not.toBeNull();
  return (await cluster.database.adapters.get(name!)).latest.digest;
}

/** One training with the fault, and its row of the table. */
async function round(
  scene: Scene,
  name: string,
  request: Partial<JobRequest>,
  { digest, ms }: Undisturbed,
): Promise<object> {
  const { cluster } = scene;
  const start = performance.now();
  const { id } = await submitTraining(cluster, request);
  const stepOf = async () => (await cluster.client.job(id)).prad.progress?.step;
  await until('the training under way', stepOf);
  // Early enough, on a machine of any speed, that the fault falls before the end.
  await sleep(random.below(ms / 2));
  const at = await stepOf();
  expect(at).toBeLessThan(STEPS);
  await scene.faults[name]!(id);
  const job = await ended(cluster, id);
  expect(job, name).toMatchObject({ status: 'succeeded', error: null });
  const steps = (await cluster.database.jobMetrics.series(id)).map(({ step }) => step);
  expect(steps, 'every step recorded once').toEqual(Array.from({ length: STEPS + 1 }, (_, step) => step));
  const events = await cluster.client.jobEvents(id);
  const attempts = events.flatMap(({ data }) => Number(data['attempt'] ?? []));
  expect(attempts, 'attempts follow one another').toEqual([...attempts].sort((a, b) => a - b));
  const same = (await digestOf(scene, job.fine_tuned_model)) === digest;
  return {
    ...{ fault: name, 'at step': at, attempts: job.prad.attempts, status: job.status },
    'same bytes': same,
    seconds: Number(((performance.now() - start) / 1000).toFixed(1)),
  };
}
