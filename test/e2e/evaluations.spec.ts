import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  evaluationEventList,
  type EvaluationEventObject,
  type EvaluationObject,
  type EvaluationStandingObject,
} from '@prad/contracts';
import type { InferenceJob } from '@prad/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import type { Child } from '../../apps/cli/src/stack/child.js';
import { Cluster } from './support/cluster.js';
import { ABLE, trainNotes, writeNotes } from './support/notes.js';
import { MODEL, uploadRows } from './support/training-run.js';
import { until } from './support/until.js';
import { writeTinyModel } from './support/tiny-model.js';

const root = join(import.meta.dirname, '../..');
const cli = join(root, 'dist/apps/cli/src/main.js');
const metrics = ['exact_match', 'rougeL', 'ter', 'bleu'];

let cluster: Cluster;
let worker: Child;
let notes: string;
let adapters: string[];

beforeAll(async () => {
  cluster = await Cluster.start();
  worker = await cluster.startWorker();
  const folder = join(cluster.dataFolder, 'source');
  await writeTinyModel(folder);
  await importModel(cluster.client, { source: folder, name: MODEL });
  await importModel(cluster.client, { source: join(root, 'bundled/prad-tiny'), name: ABLE });
  adapters = [await trainNotes(cluster, 150), await trainNotes(cluster, 1)];
  notes = await writeNotes(cluster, 'validation');
});

afterAll(() => cluster.stop());

async function prad(...args: string[]): Promise<string> {
  const env = { ...cluster.workerEnvironment, PRAD_API_URL: cluster.client.url, NO_COLOR: '1' };
  return (await promisify(execFile)(process.execPath, [cli, ...args], { env })).stdout.trim();
}

async function submit(file: string, more: object = {}): Promise<string> {
  const asked = { model: [ABLE, ...adapters], file, metrics, max_tokens: 4, ...more };
  return (await cluster.client.createEvaluation(asked)).id;
}

function finished(id: string): Promise<EvaluationObject> {
  return until(
    `the end of ${id}`,
    async () => {
      const evaluation = await cluster.client.evaluation(id);
      return ['queued', 'running'].includes(evaluation.status) ? undefined : evaluation;
    },
    150_000,
  );
}

/** The whole story, the oldest event first. */
async function eventsOf(id: string): Promise<EvaluationEventObject[]> {
  const response = await fetch(`${cluster.client.url}/v1/evaluations/${id}/events?limit=1000`);
  return evaluationEventList.parse(await response.json()).data.reverse();
}

/** What was told of one model, in order: never less than before, and all in the end. */
async function expectProgress(id: string, place: number, total: number): Promise<void> {
  const standings = (await eventsOf(id)).flatMap(({ type, data }) =>
    type === 'metrics' && data.place === place ? [data] : [],
  );
  const values = (of: (standing: EvaluationStandingObject) => number) => standings.map(of);
  for (const told of [values(({ done }) => done), values(({ shards_done }) => shards_done)]) {
    expect(told).toEqual([...told].sort((a, b) => a - b));
  }
  expect(standings.at(-1)).toMatchObject({ status: 'finished', done: total, total });
}

async function predictionsOf(id: string): Promise<string> {
  return (await fetch(`${cluster.client.url}/v1/evaluations/${id}/predictions`)).text();
}

describe('an evaluation of the base and two adapters', () => {
  it('scores and compares them, twice with the same numbers', async () => {
    const { id: file } = await cluster.client.uploadFile(notes);
    const [first, second] = [await submit(file), await submit(file)];
    const evaluation = await finished(first);
    expect(evaluation.error).toBeNull();
    expect(evaluation).toMatchObject({ status: 'succeeded', progress: { done: 90, total: 90 }, job: null });
    expect(evaluation.code?.version).toMatch(/^\d+\.\d+\.\d+$/);
    const [base, able, poor] = evaluation.result?.models ?? [];
    expect([base?.model, able?.model, poor?.model]).toEqual([ABLE, ...adapters]);
    for (const model of [base, able, poor]) {
      expect(model?.scores.map(({ metric }) => metric)).toEqual(metrics);
      for (const { score, low, high } of model?.scores ?? []) {
        expect(low).toBeLessThanOrEqual(score);
        expect(high).toBeGreaterThanOrEqual(score);
      }
    }
    expect(base?.comparisons).toBeNull();
    expect(able?.scores[0]?.score).toBeGreaterThan(0.5);
    const compared = able?.comparisons?.[0];
    expect(compared?.difference).toBeGreaterThan(0.4);
    expect(compared?.p_value).toBeLessThan(0.01);
    expect(compared?.wins).toBeGreaterThan(10);
    expect(able?.wins).toHaveLength(5);
    expect(able?.wins[0]).toMatchObject({ baseline_score: 0, score: 1 });
    expect(poor?.comparisons?.map(({ wins, losses, ties }) => wins + losses + ties)).toEqual([
      30, 30, 30, 30,
    ]);

    const again = await finished(second);
    expect(again.result).toEqual(evaluation.result);
    expect(await predictionsOf(second)).toBe(await predictionsOf(first));
  });

  it('is told by the command line as over REST', async () => {
    const options = ['--file', notes, '--metrics', 'exact_match', '--max-tokens', '4', '--limit', '6'];
    const args = ['eval', '--model', ABLE, ...adapters, ...options];
    const table = await prad(...args);
    expect(table).toMatch(/^MODEL +METRIC +SCORE +95 % INTERVAL +DIFFERENCE +P +WON\/LOST\/TIED/);
    expect(table.split('\n')).toHaveLength(4);
    const told = JSON.parse(await prad(...args, '--json')) as EvaluationObject;
    expect(told).toEqual(await cluster.client.evaluation(told.id));
    const { score = 0, low = 0, high = 0 } = told.result?.models[1]?.scores[0] ?? {};
    const row = [score, low, high].map((value) => value.toFixed(4));
    expect(table).toContain(`exact_match  ${row[0]}  ${row[1]} to ${row[2]}`);
    const again = await prad('evaluations', 'get', told.id);
    expect(again).toBe(table);
    const log = await prad('evaluations', 'logs', '-f', told.id);
    expect(log).toMatch(/Evaluation started: 3 models on 6 samples\n/);
    expect(log).toContain(`${adapters[0]}: exact_match ${row[0]}`);
    expect(log).toMatch(/The evaluation has succeeded$/);
    const id = await prad(...args, '--no-follow');
    expect((await finished(id)).result).toEqual(told.result);
    expect((await prad('evaluations', 'list')).split('\n')[1]).toMatch(
      new RegExp(`^${id} +succeeded +18/18`),
    );
  });

  it('runs on when the user leaves the command line', async () => {
    await worker.stop(20_000);
    const { id: file } = await cluster.client.uploadFile(notes);
    const env = { ...cluster.workerEnvironment, PRAD_API_URL: cluster.client.url, NO_COLOR: '1' };
    const args = [cli, 'eval', '--model', ABLE, '--file', file, '--metrics', 'bleu'];
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += String(chunk)));
    const ended = once(child, 'close');
    const [, id = ''] = await until('the id', () =>
      Promise.resolve(/evaluation (eval-\w+)/.exec(said) ?? undefined),
    );
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(0);
    expect(said).toContain(`the evaluation runs on: prad evaluations logs -f ${id} follows it`);
    expect((await cluster.client.evaluation(id)).status).toBe('queued');
    worker = await cluster.startWorker();
    expect((await finished(id)).status).toBe('succeeded');
  });
});

/** 9 requests of 16 prompts for each of two models: more than are with the workers at once. */
const MANY = 144;

/** Holds one request back from the workers until the action is done, so that the evaluation cannot end in it. */
async function whileHeld(request: string, action: () => Promise<void>): Promise<void> {
  await until(`the request ${request}`, async () => cluster.database.inferenceJobs.find(request));
  await cluster.database.dataSource.transaction(async (manager) => {
    await manager.query('SELECT id FROM inference_job WHERE id = $1 FOR UPDATE', [request]);
    await action();
  });
}

async function answersOf(id: string): Promise<number> {
  return (await cluster.client.evaluation(id)).progress?.done ?? 0;
}

describe('a long evaluation', () => {
  const sampled = { model: [MODEL, MODEL], max_tokens: 8, temperature: 1, seed: 5 };
  let file: string;
  let whole: EvaluationObject;
  let predictions: string;

  beforeAll(async () => {
    file = await uploadRows(cluster, 'many', MANY);
    whole = await finished(await submit(file, sampled));
    expect(whole.error).toBeNull();
    predictions = await predictionsOf(whole.id);
  });

  async function same(id: string): Promise<void> {
    const evaluation = await finished(id);
    expect(evaluation.error).toBeNull();
    expect(evaluation.result).toEqual(whole.result);
    expect(await predictionsOf(id)).toBe(predictions);
  }

  it('goes on after its worker was killed in the middle, to identical scores', async () => {
    await worker.stop(20_000);
    // It asks for the first answers, which nobody gives yet.
    const asking = await cluster.startWorker({ WORKER_ROLES: 'evaluate' });
    const id = await submit(file, sampled);
    let kept: InferenceJob | undefined;
    await whileHeld(`${id}-0-8`, async () => {
      worker = await cluster.startWorker({ WORKER_ROLES: 'generate' });
      await until('answers of some samples', async () => ((await answersOf(id)) > 0 ? true : undefined));
      asking.kill();
      worker.kill();
      await Promise.all([asking.ended, worker.ended]);
      const { status, progress } = await cluster.client.evaluation(id);
      expect(status).toBe('running');
      expect(progress?.done).toBeLessThan(progress?.total ?? 0);
      kept = await cluster.database.inferenceJobs.get(`${id}-0-0`);
    });
    worker = await cluster.startWorker();
    await same(id);
    expect((await cluster.database.evaluations.get(id)).attempts).toBe(2);
    for (const place of [0, 1]) await expectProgress(id, place, MANY);
    const events = await eventsOf(id);
    const attempts = events.flatMap(({ type, data }) =>
      type === 'message' && data.attempt ? [data.attempt] : [],
    );
    expect(attempts).toEqual([1, 2]);
    expect(events.at(-1)?.data).toEqual({ status: 'succeeded' });
    if (kept?.status === 'succeeded') {
      expect(await cluster.database.inferenceJobs.get(`${id}-0-0`)).toEqual(kept);
    }
  });

  it('comes to identical scores with two workers that answer', async () => {
    await worker.stop(20_000);
    const asking = await cluster.startWorker({ WORKER_ROLES: 'evaluate' });
    const id = await submit(file, sampled);
    await whileHeld(`${id}-0-8`, async () => {
      const first = await cluster.startWorker({ WORKER_ROLES: 'generate' });
      await until('answers of the first', async () => ((await answersOf(id)) > 0 ? true : undefined));
      // The held request is left to the second one.
      worker = await cluster.startWorker({ WORKER_ROLES: 'generate' });
      first.kill();
      await first.ended;
    });
    await same(id);
    expect((await cluster.database.evaluations.get(id)).attempts).toBe(1);
    await asking.stop(20_000);
  });
});
