import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FineTuningJobObject } from '@prad/contracts';
import type { JobRequest } from '../../../apps/cli/src/api/api-client.js';
import type { Cluster } from './cluster.js';
import { until } from './until.js';

export const MODEL = 'tiny';

/** Uploads rows of a small made-up task and returns the file's id. */
export async function uploadRows(cluster: Cluster, name: string, count: number): Promise<string> {
  const path = join(cluster.dataFolder, `${name}.jsonl`);
  const rows = Array.from({ length: count }, (_, i) => ({
    prompt: `The ${i % 2 === 0 ? 'inn' : 'pub'} number ${i} ->`,
    completion: i % 2 === 0 ? ' warm' : ' cold',
  }));
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return (await cluster.client.uploadFile(path)).id;
}

/** A training of a few steps with a validation every second one. */
export async function submitTraining(
  cluster: Cluster,
  request: Partial<JobRequest> = {},
): Promise<FineTuningJobObject> {
  const hyperparameters = { max_steps: 6, batch_size: 4, learning_rate: 0.01, evaluation_steps: 2 };
  return cluster.client.createJob({
    model: MODEL,
    seed: 7,
    method: { type: 'prad', prad: { rank: 4, hyperparameters } },
    ...request,
    training_file: request.training_file ?? (await uploadRows(cluster, 'train', 16)),
    validation_file:
      request.validation_file === undefined
        ? await uploadRows(cluster, 'validation', 8)
        : request.validation_file,
  });
}

/** The job when it has ended in whatever way. */
export function ended(cluster: Cluster, id: string, withinMs = 90_000): Promise<FineTuningJobObject> {
  return until(
    `the end of ${id}`,
    async () => {
      const job = await cluster.client.job(id);
      return ['succeeded', 'failed', 'cancelled'].includes(job.status) ? job : undefined;
    },
    withinMs,
  );
}
