import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { adapterMethodNames, type AdapterMethod } from '@prad/contracts';
import { Tokenizer } from '@prad/formats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster } from './support/cluster.js';
import { startTinyCluster } from './support/tiny-cluster.js';
import { MODEL, ended, submitTraining, uploadRows } from './support/training-run.js';

const cli = join(import.meta.dirname, '../../dist/apps/cli/src/main.js');

/** Options that fit a model of width 32, none of them a default. */
const options: Readonly<Record<AdapterMethod, object>> = {
  adapter: { rank: 4, form: 'sequential', site: 'both', special_tokens: ['number'] },
  lora: { rank: 4, alpha: 8, scaling: 'rslora', targets: ['q_proj', 'down_proj'], dropout: 0.1 },
  dora: { rank: 4, targets: ['v_proj'] },
  prefix: { length: 4, projection: true, projection_size: 16 },
  prompt: { length: 4 },
  mam: { prefix_length: 3, rank: 4 },
  ia3: { targets: ['v_proj', 'down_proj'] },
};

let cluster: Cluster;
const trained = new Map<AdapterMethod, string>();

beforeAll(async () => {
  cluster = await startTinyCluster();
});

afterAll(() => cluster.stop());

const answer = async (model: string): Promise<string> => {
  const request = { model, prompt: 'The inn number 3 ->', max_tokens: 12, temperature: 0 };
  return (await cluster.client.complete(request)).choices[0]!.text;
};

it.each(adapterMethodNames)('%s trains by a request and answers by its name', async (adapter) => {
  // A model of random weights says something else only after large steps.
  const hyperparameters = { max_steps: 12, batch_size: 4, learning_rate: 0.3, evaluation_steps: 6 };
  const prad = { adapter, ...options[adapter], hyperparameters };
  const { id, method } = await submitTraining(cluster, { method: { type: 'prad', prad } });
  expect(method.prad).toMatchObject(options[adapter]);
  const job = await ended(cluster, id);
  expect(job).toMatchObject({ status: 'succeeded', error: null });
  trained.set(adapter, job.fine_tuned_model!);
  expect(await answer(job.fine_tuned_model!)).not.toBe(await answer(MODEL));
});

it('an adapter’s special tokens are ids of its prompts, its soft tokens are not', async () => {
  const read = async (name: string) =>
    JSON.parse(await readFile(join(import.meta.dirname, '../../bundled/prad-tiny', name), 'utf8')) as object;
  const tokenizer = Tokenizer.fromJson(await read('tokenizer.json')).withAddedTokens(['number'], 2048);
  const text = 'The inn number 3 ->';
  const ids = tokenizer.encode(text);
  expect(ids).toContain(2048);
  const ask = (adapter: AdapterMethod, prompt: string | number[]) =>
    cluster.client.complete({
      ...{ model: trained.get(adapter)!, prompt, max_tokens: 4, temperature: 0, echo: true, logprobs: 0 },
    });
  const [one, other] = [await ask('adapter', ids), await ask('adapter', text)];
  expect(one.choices[0]!.text).toBe(other.choices[0]!.text);
  expect(one.choices[0]!.logprobs!.tokens).toEqual(other.choices[0]!.logprobs!.tokens);
  expect(one.choices[0]!.logprobs!.tokens.slice(0, ids.length).join('')).toBe(text);
  expect(one.usage.prompt_tokens).toBe(ids.length);
  await expect(ask('adapter', [2049])).rejects.toThrow(/the token 2049 at place 0; .* 0 to 2048/);
  await expect(ask('prompt', [5, 2048])).rejects.toThrow(/the token 2048 at place 1; .* 0 to 2047/);
});

it('all of them at once answer what each answers alone', async () => {
  const models = [MODEL, ...trained.values()];
  expect(models).toHaveLength(1 + adapterMethodNames.length);
  const alone = [];
  for (const model of models) alone.push(await answer(model));
  expect(await Promise.all(models.map(answer))).toEqual(alone);
});

it('prad train takes any option of a method, and one sentence refuses what it has not', async () => {
  const file = await uploadRows(cluster, 'by-hand', 8);
  const env = { ...cluster.workerEnvironment, PRAD_API_URL: cluster.client.url, NO_COLOR: '1' };
  const run = async (...args: string[]): Promise<string> => {
    const all = [cli, 'train', '--model', MODEL, '--file', file, '--steps', '2', '--no-follow', ...args];
    return (await promisify(execFile)(process.execPath, all, { env })).stdout.trim();
  };
  const id = await run('--adapter', 'dora', '--rank', '2', '--alpha', '3', '--option', 'detach_norm=true');
  expect((await ended(cluster, id)).method.prad).toMatchObject({ rank: 2, alpha: 3, detach_norm: true });
  await expect(run('--adapter', 'prompt', '--rank', '2')).rejects.toThrow(/`rank`: no option of prompt/);
});

it('a job whose special tokens are rows of the head trains, and is refused when it is asked to answer', async () => {
  const prad = {
    ...{ adapter: 'adapter', rank: 4, special_tokens: ['<end>', 'number'], special_tokens_tied: true },
    hyperparameters: { max_steps: 2, batch_size: 4 },
  };
  const { id } = await submitTraining(cluster, { method: { type: 'prad', prad } });
  const job = await ended(cluster, id);
  expect(job.status).toBe('succeeded');
  await expect(answer(job.fine_tuned_model!)).rejects.toThrow(/special_tokens_tied/);
});
