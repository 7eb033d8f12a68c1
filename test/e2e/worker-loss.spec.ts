import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@prad/errors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Child } from '../../apps/cli/src/stack/child.js';
import type { Cluster } from './support/cluster.js';
import { startTinyCluster } from './support/tiny-cluster.js';
import { MODEL } from './support/training-run.js';
import { until } from './support/until.js';

const STREAMS = 40;
const SLOTS = { MAX_NUM_SEQS: '4' };

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startTinyCluster(SLOTS);
});

afterAll(() => cluster.stop());

const requestOf = (index: number) => ({
  ...{ model: MODEL, prompt: `The inn number ${index} ->`, max_tokens: 100 },
  // The seed makes an answer that is begun again the same.
  ...{ temperature: 0.7, seed: index },
});

interface Outcome {
  readonly text: string;
  readonly id: string | undefined;
  readonly ms: number;
  /** Of a stream that ended without its answer. */
  readonly error: AppError | undefined;
}

async function stream(index: number): Promise<Outcome> {
  const started = performance.now();
  let [text, id]: [string, string | undefined] = ['', undefined];
  let error: AppError | undefined;
  try {
    for await (const chunk of cluster.client.streamCompletion(requestOf(index))) {
      id = chunk.id;
      text += chunk.choices.map((choice) => choice.text).join('');
    }
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    error = thrown;
  }
  return { text, id, ms: performance.now() - started, error };
}

/** Streams of two workers, of which one is lost once it has answers under way; and the row of the table. */
async function lose(how: string, end: (worker: Child) => void, alone: readonly string[]) {
  const [kept, lost] = [await cluster.startWorker(SLOTS), await cluster.startWorker(SLOTS)];
  const streams = Array.from({ length: STREAMS }, (_, index) => stream(index));
  await until('answers under way', async () =>
    (await cluster.database.inferenceJobs.countHeld()) >= 6 ? true : undefined,
  );
  await sleep(200);
  end(lost);
  const outcomes = await Promise.all(streams);
  const jobs = await Promise.all(
    outcomes.flatMap(({ id }) => (id === undefined ? [] : [cluster.database.inferenceJobs.get(id)])),
  );
  await kept.stop(20_000);
  const answered = outcomes.filter(({ error }) => error === undefined);
  const times = outcomes.map(({ ms }) => ms).sort((a, b) => a - b);
  const row = {
    how,
    accepted: jobs.length,
    'answered once': answered.length,
    'ended by an error to try again': outcomes.length - answered.length,
    'begun again': jobs.filter(({ attempts }) => attempts > 1).length,
    'median ms': Math.round(times[STREAMS / 2] ?? NaN),
    'longest ms': Math.round(times.at(-1) ?? NaN),
  };
  for (const [index, { text, error }] of outcomes.entries()) {
    if (error) expect(error).toMatchObject({ kind: 'unavailable' });
    else expect(text, `request ${index}`).toBe(alone[index]);
  }
  const succeeded = jobs.filter(({ status }) => status === 'succeeded');
  expect(succeeded).toHaveLength(answered.length);
  expect(new Set(jobs.map(({ id }) => id)).size).toBe(jobs.length);
  return row;
}

it('loses one of two workers under load and no answer: each comes once, or ends with an error to try again', async () => {
  const answers = Array.from({ length: STREAMS }, (_, index) => cluster.client.complete(requestOf(index)));
  const alone = (await Promise.all(answers)).map(({ choices }) => choices[0]?.text ?? '');
  expect(new Set(alone).size).toBeGreaterThan(STREAMS / 2);
  await cluster.workers[0]?.stop(20_000);
  const rows = [
    await lose('SIGTERM', (worker) => void worker.stop(20_000), alone),
    await lose(
      'SIGKILL',
      (worker) => {
        worker.kill();
      },
      alone,
    ),
  ];
  console.table(rows);
  for (const row of rows) expect(row.accepted).toBe(STREAMS);
  // The killed worker had answers under way, which the other one begins again.
  expect(rows[1]?.['begun again']).toBeGreaterThan(0);
});
