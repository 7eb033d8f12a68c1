import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { FineTuningJobObject } from '@prad/contracts';
import type { JobRequest } from '../../../apps/cli/src/api/api-client.js';
import type { Cluster } from './cluster.js';
import { ended } from './training-run.js';

/** The bundled model, which learns the notes in a few seconds. */
export const ABLE = 'able';

const words = ['lovely', 'terrible', 'wonderful', 'awful', 'great', 'bad'];

/** Notes that one of six words makes kind or rude, each with its own number. */
export async function writeNotes(cluster: Cluster, split: 'train' | 'validation'): Promise<string> {
  const [from, count] = split === 'train' ? [0, 160] : [500, 30];
  const rows = Array.from({ length: count }, (_, i) => ({
    prompt: `The place number ${from + i} is ${words[i % words.length]}. ->`,
    completion: i % 2 === 0 ? ' good' : ' poor',
  }));
  const path = join(cluster.dataFolder, `notes-${split}.jsonl`);
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

/** A job that learns them: well in 150 steps, not at all in one. */
export async function submitNotes(
  cluster: Cluster,
  max_steps: number,
  more: Partial<JobRequest> = {},
): Promise<FineTuningJobObject> {
  const hyperparameters = { max_steps, batch_size: 16, learning_rate: max_steps === 1 ? 1e-6 : 0.005 };
  const { id } = await cluster.client.uploadFile(await writeNotes(cluster, 'train'));
  const method = { type: 'prad' as const, prad: { rank: 32, hyperparameters } };
  return cluster.client.createJob({ model: ABLE, seed: 7, method, training_file: id, ...more });
}

export async function trainNotes(cluster: Cluster, steps: number): Promise<string> {
  const job = await ended(cluster, (await submitNotes(cluster, steps)).id, 150_000);
  expect(job.error).toBeNull();
  return job.fine_tuned_model ?? '';
}
