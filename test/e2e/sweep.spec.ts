import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster } from './support/cluster.js';
import { startTinyCluster } from './support/tiny-cluster.js';
import { MODEL, uploadRows } from './support/training-run.js';
import { until } from './support/until.js';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startTinyCluster();
});

afterAll(() => cluster.stop());

it('trains every combination of learning rates and seeds, and the best by validation loss is the adapter', async () => {
  const hyperparameters = { max_steps: 6, batch_size: 4, evaluation_steps: 2 };
  const lists = { learning_rate: [0.02, 1e-6], seed: [3, 4] };
  const { id } = await cluster.client.createSweep({
    model: MODEL,
    method: { type: 'prad', prad: { rank: 4, hyperparameters } },
    training_file: await uploadRows(cluster, 'train', 16),
    validation_file: await uploadRows(cluster, 'validation', 8),
    sweep: lists,
  });
  const sweep = await until(
    'the end of the sweep',
    async () => {
      const now = await cluster.client.sweep(id);
      return now.status === 'running' ? undefined : now;
    },
    150_000,
  );
  const { leaderboard } = sweep;
  expect(leaderboard.map(({ status, error }) => [status, error])).toEqual(Array(4).fill(['succeeded', null]));
  const combinations = leaderboard.map((run) => `${run.learning_rate} ${run.seed}`).sort();
  expect(combinations).toEqual(['0.000001 3', '0.000001 4', '0.02 3', '0.02 4']);
  // The row's own metrics are what the order must follow.
  const lowest = await Promise.all(
    leaderboard.map(async ({ job }) => {
      const series = await cluster.database.jobMetrics.series(job);
      return Math.min(...series.filter(({ step }) => step > 0).map(({ validLoss }) => validLoss ?? Infinity));
    }),
  );
  expect(leaderboard.map((run) => run.valid_loss)).toEqual(lowest);
  expect(lowest).toEqual(lowest.toSorted((a, b) => a - b));
  const [best] = leaderboard;
  expect(best?.learning_rate, 'one of the runs that learn').toBe(0.02);
  expect(sweep).toMatchObject({
    status: 'succeeded',
    best_job: best?.job,
    fine_tuned_model: best?.fine_tuned_model,
  });
  const answer = await cluster.client.complete({
    model: sweep.fine_tuned_model!,
    prompt: 'The inn number 2 ->',
    max_tokens: 2,
  });
  expect(answer.choices).toHaveLength(1);
});
