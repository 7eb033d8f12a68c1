import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { EvaluationObject } from '@prad/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import { Cluster } from './support/cluster.js';
import { MODEL, ended } from './support/training-run.js';

const root = join(import.meta.dirname, '../..');
const cli = join(root, 'dist/apps/cli/src/main.js');

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.startWorker({ WORKER_ROLES: 'train,generate,import,evaluate' });
  await importModel(cluster.client, { source: join(root, 'bundled/prad-tiny'), name: MODEL });
});

afterAll(() => cluster.stop());

async function prad(...args: string[]): Promise<string> {
  const env = { ...cluster.workerEnvironment, PRAD_API_URL: cluster.client.url, NO_COLOR: '1' };
  return (await promisify(execFile)(process.execPath, [cli, ...args], { env })).stdout.trim();
}

/** Notes that one of six words makes kind or rude, each with its own number. */
async function writeNotes(
  split: 'train' | 'validation',
  rowOf: (text: string, isPositive: boolean) => object,
): Promise<string> {
  const words = ['lovely', 'terrible', 'wonderful', 'awful', 'great', 'bad'];
  const [from, count] = split === 'train' ? [0, 160] : [500, 30];
  const rows = Array.from({ length: count }, (_, i) =>
    rowOf(`The place number ${from + i} is ${words[i % words.length]}.`, i % 2 === 0),
  );
  const path = join(cluster.dataFolder, `${split}-${Object.keys(rows[0] ?? {}).join('-')}.jsonl`);
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

async function train(file: string, ...task: string[]): Promise<string> {
  const size = ['--rank', '32', '--steps', '150', '--batch-size', '16', '--lr', '0.005', '--seed', '7'];
  const id = await prad('train', '--model', MODEL, '--file', file, ...size, '--no-follow', ...task);
  const job = await ended(cluster, id);
  expect(job.error).toBeNull();
  return job.fine_tuned_model ?? '';
}

async function evaluate(adapter: string, file: string, ...task: string[]): Promise<EvaluationObject> {
  const models = ['--model', MODEL, adapter, '--file', file];
  return JSON.parse(await prad('eval', ...models, '--json', ...task)) as EvaluationObject;
}

const scoresOf = ({ result }: EvaluationObject) => result?.models.map(({ scores }) => scores[0]?.score ?? 0);

describe('rows as SST-2 has them', () => {
  it.each(['plain', 'special'])('train an adapter and are scored, template %s', async (template) => {
    const rowOf = (text: string, is: boolean) => ({ text, sentiment: is ? 'positive' : 'negative' });
    const task = ['--task', 'sst2', '--task-template', template];
    const adapter = await train(await writeNotes('train', rowOf), ...task);
    const file = await writeNotes('validation', rowOf);
    const written = await evaluate(adapter, file, ...task);
    expect(written).toMatchObject({
      metrics: ['accuracy'],
      max_tokens: 16,
      task: { name: 'sst2', template },
    });
    const [base = 1, adapted = 0] = scoresOf(written) ?? [];
    expect(adapted).toBeGreaterThan(base);
    expect(adapted).toBeGreaterThan(0.8);
    const likely = await evaluate(adapter, file, ...task, '--label-scoring', 'likelihood');
    // Every answer is one of the labels then.
    expect(likely.result?.models.map(({ empty, cut_off: cutOff }) => empty + cutOff)).toEqual([0, 0]);
    expect(scoresOf(likely)?.[1]).toBeGreaterThanOrEqual(adapted);
  });
});

it('a training ends at the first row that is not the task’s, and names its field', async () => {
  const file = await writeNotes('train', (prompt) => ({ prompt, completion: ' x' }));
  const id = await prad('files', 'upload', file);
  const job = await prad(
    'train',
    '--model',
    MODEL,
    '--file',
    id.split(' ')[0] ?? '',
    '--no-follow',
    '--task',
    'mt',
  );
  expect(await ended(cluster, job)).toMatchObject({
    status: 'failed',
    error: { code: 'training_example', message: 'line 1: de is missing' },
  });
});

describe('a task of the user', () => {
  it('is previewed, made, trained, scored and deleted', async () => {
    const rowOf = (says: string, is: boolean) => ({ guest: { says }, stars: is ? 5 : 1 });
    const file = await writeNotes('train', rowOf);
    const definition = {
      name: 'stars',
      prompt: 'A guest says: {{ guest.says }}\nThe visit was',
      answer: '{{ stars }}',
      labels: { '1': ' bad', '5': ' good' },
      metrics: ['accuracy', 'f1'],
      decoding: { max_tokens: 3 },
      example: { guest: { says: 'Lovely.' }, stars: 5 },
    };
    const path = join(cluster.dataFolder, 'stars.json');
    await writeFile(path, JSON.stringify(definition));
    const bad = join(cluster.dataFolder, 'bad.jsonl');
    await writeFile(bad, `${await readFile(file, 'utf8')}{"guest":{},"stars":5}\n{"stars":1}\n`);
    const preview = await prad('tasks', 'preview', path, bad, '--rows', '1', '--model', MODEL);
    expect(preview).toMatch(/^line 1: \d+ \+ \d+ tokens\nA guest says: .*\nThe visit was (good|bad)\n/);
    expect(preview).toMatch(/160 rows in \d+ groups, the longest of \d+ tokens; 2 problems/);
    expect(preview).toMatch(/line 161: guest is null, or has no such part\nline 162: guest is missing$/);
    expect(await prad('tasks', 'create', path)).toBe('stars');
    expect(await prad('tasks', 'list')).toMatch(/^stars\s+guest, stars\s+accuracy, f1\s+own$/m);
    const adapter = await train(file, '--task', 'stars');
    await expect(train(bad, '--task', 'stars')).rejects.toThrow(/line 161: guest is null/);
    const scored = await evaluate(adapter, await writeNotes('validation', rowOf), '--task', 'stars');
    const [base = 1, adapted = 0] = scoresOf(scored) ?? [];
    expect(adapted).toBeGreaterThan(base);
    expect(adapted).toBeGreaterThan(0.8);
    expect(await prad('tasks', 'delete', 'stars')).toBe('deleted stars');
    await expect(prad('tasks', 'delete', 'stars')).rejects.toThrow(/no task named/);
  });
});
