import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errorBody } from '@prad/contracts';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importModel } from '../../apps/cli/src/stack/import-model.js';
import { Cluster } from './support/cluster.js';
import { writeTinyModel } from './support/tiny-model.js';
import { ended, MODEL, submitTraining } from './support/training-run.js';
import { until } from './support/until.js';

const cli = join(import.meta.dirname, '../../dist/apps/cli/src/main.js');
const prompt = 'The inn number 3 ->';
const choices = [' warm', ' cold', ' neither of them'];

let cluster: Cluster;
let openai: OpenAI;
let adapter: string;
let validLoss: number;

beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.startWorker();
  openai = new OpenAI({ apiKey: 'none', baseURL: `${cluster.client.url}/v1`, maxRetries: 0 });
  const source = join(cluster.dataFolder, 'source');
  await writeTinyModel(source);
  await importModel(cluster.client, { source, name: MODEL });
  const { id } = await submitTraining(cluster);
  const job = await ended(cluster, id);
  expect(job.status).toBe('succeeded');
  adapter = job.fine_tuned_model ?? '';
  const events = await cluster.client.jobEvents(id);
  const losses = events.map(({ data }) => data['valid_loss']).filter((loss) => typeof loss === 'number');
  // The adapter is the best of the run.
  validLoss = Math.min(...losses);
});

afterAll(() => cluster.stop());

function send(path: string, body: object, signal?: AbortSignal): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body), ...(signal && { signal }) };
  return fetch(`${cluster.client.url}/v1/${path}`, init);
}

async function errorOf(response: Response) {
  return { status: response.status, ...errorBody.parse(await response.json()).error };
}

async function prad(...args: string[]): Promise<string> {
  const env = { ...cluster.workerEnvironment, PRAD_API_URL: cluster.client.url, NO_COLOR: '1' };
  return (await promisify(execFile)(process.execPath, [cli, ...args], { env })).stdout.trim();
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
}

async function vectorOf(model: string, input: string, pooling: 'last' | 'mean' = 'last'): Promise<number[]> {
  const { data } = await cluster.client.embed({ model, input, pooling });
  const vector = data[0]?.embedding;
  if (!Array.isArray(vector)) throw new Error('numbers expected');
  return vector;
}

describe('embeddings', () => {
  it('come to the official client as they come as numbers, one for each input', async () => {
    const input = ['The inn', 'The pub is warm', 'The inn'];
    const { data, usage, model } = await openai.embeddings.create({ model: MODEL, input });
    const numbers = await openai.embeddings.create({ model: MODEL, input, encoding_format: 'float' });
    expect(data.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(numbers.data.map(({ embedding }) => embedding)).toEqual(data.map(({ embedding }) => embedding));
    expect(data[0]?.embedding).toHaveLength(32);
    for (const { embedding } of data) expect(dot(embedding, embedding)).toBeCloseTo(1, 5);
    expect(dot(data[0]!.embedding, data[2]!.embedding)).toBeCloseTo(1, 5);
    expect(dot(data[0]!.embedding, data[1]!.embedding)).toBeLessThan(0.999);
    expect(model).toBe(MODEL);
    expect(usage.prompt_tokens).toBeGreaterThan(3);
    expect(usage.total_tokens).toBe(usage.prompt_tokens);
  });

  it('differ with the adapter and the pooling, and name the version that read', async () => {
    const [base, adapted] = [await vectorOf(MODEL, prompt), await vectorOf(adapter, prompt)];
    expect(dot(base, adapted)).toBeLessThan(0.99999);
    expect(dot(base, await vectorOf(MODEL, prompt, 'mean'))).toBeLessThan(0.99999);
    expect(await vectorOf(`${adapter}@1`, prompt)).toEqual(adapted);
    const { prad: facts, id } = await cluster.client.embed({ model: adapter, input: prompt });
    expect(facts).toMatchObject({ adapter_version: 1, timings: { decode_ms: null } });
    expect(id).toMatch(/^embd-/);
  });

  it('take token ids as they are', async () => {
    const list = await cluster.client.embed({ model: MODEL, input: [[5, 6, 7], [5]] });
    const one = await cluster.client.embed({ model: MODEL, input: [5, 6, 7] });
    expect(list.data[0]?.embedding).toEqual(one.data[0]?.embedding);
    expect(list.usage.prompt_tokens).toBe(4);
  });

  it.each([
    ['no input', {}, 'input', 400],
    ['an empty text', { input: '' }, 'input', 400],
    ['no texts', { input: [] }, 'input', 400],
    ['texts and ids', { input: ['a', 3] }, 'input', 400],
    ['an option that is not supported', { input: 'a', dimensions: 8 }, 'dimensions', 400],
    ['an unknown format', { input: 'a', encoding_format: 'int8' }, 'encoding_format', 400],
    ['an unknown pooling', { input: 'a', pooling: 'max' }, 'pooling', 400],
    ['an unknown field', { input: 'a', temperature: 1 }, null, 400],
    ['a model that there is not', { model: 'none', input: 'a' }, 'model', 404],
  ])('refuse %s', async (_name, body, param, status) => {
    const error = await errorOf(await send('embeddings', { model: MODEL, ...body }));
    expect(error.status).toBe(status);
    if (param !== null) expect(error.param).toBe(param);
  });

  it('refuse what the worker finds not to fit, and embed the next', async () => {
    const long = await errorOf(await send('embeddings', { model: MODEL, input: 'word '.repeat(400) }));
    expect(long).toMatchObject({ status: 400, code: 'prompt_too_long' });
    const unknown = await errorOf(await send('embeddings', { model: MODEL, input: [[3], [2048]] }));
    expect(unknown).toMatchObject({ status: 400, code: 'token_outside_vocabulary', param: 'input' });
    expect(unknown.message).toMatch(/the token 2048 at place 0 of list 1; .* 0 to 2047/);
    expect(await vectorOf(MODEL, 'word')).toHaveLength(32);
  });
});

describe('scores', () => {
  it('are probabilities of the choices, which the adapter changes', async () => {
    const [base, adapted] = [
      await cluster.client.score({ model: MODEL, prompt, choices }),
      await cluster.client.score({ model: adapter, prompt, choices }),
    ];
    for (const { data, usage, id } of [base, adapted]) {
      const found = data[0]!.choices;
      expect(found.map(({ text }) => text)).toEqual(choices);
      expect(found.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 9);
      const best = found.map(({ log_probability }) => log_probability);
      expect(data[0]!.best_choice).toBe(best.indexOf(Math.max(...best)));
      for (const { log_probability, mean_log_probability, tokens } of found)
        expect(mean_log_probability).toBeCloseTo(log_probability / tokens, 9);
      expect(usage.completion_tokens).toBe(found.reduce((sum, { tokens }) => sum + tokens, 0));
      expect(id).toMatch(/^score-/);
    }
    expect(adapted.data[0]!.choices[1]!.log_probability).toBeGreaterThan(
      base.data[0]!.choices[1]!.log_probability,
    );
  });

  it('are the loss that the training told of the same rows', async () => {
    const text = await readFile(join(cluster.dataFolder, 'validation.jsonl'), 'utf8');
    const rows = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { prompt: string; completion: string });
    const { data } = await cluster.client.score({
      model: adapter,
      prompt: rows.map((row) => row.prompt),
      choices: rows.map((row) => [row.completion]),
    });
    const scored = data.flatMap((item) => item.choices);
    const sum = (of: (choice: (typeof scored)[number]) => number) =>
      scored.reduce((total, choice) => total + of(choice), 0);
    const tokens = sum((choice) => choice.tokens);
    expect(scored).toHaveLength(rows.length);
    expect(-sum((choice) => choice.log_probability) / tokens).toBeCloseTo(validLoss, 4);
  });

  it('of a continuation leave the end token out', async () => {
    const [ended, open] = await Promise.all(
      [true, false].map((end_token) => cluster.client.score({ model: MODEL, prompt, choices, end_token })),
    );
    ended!.data[0]!.choices.forEach(({ tokens, log_probability }, index) => {
      const without = open!.data[0]!.choices[index]!;
      expect(without.tokens).toBe(tokens - 1);
      expect(without.log_probability).toBeGreaterThan(log_probability);
    });
  });

  it('of several prompts, with choices of their own, are those of each alone', async () => {
    const prompts = [prompt, 'The pub ->'];
    const lists = [[' warm'], [' cold', ' warm']];
    const together = await cluster.client.score({ model: adapter, prompt: prompts, choices: lists });
    for (const [row, text] of prompts.entries()) {
      const alone = await cluster.client.score({ model: adapter, prompt: text, choices: lists[row]! });
      together.data[row]!.choices.forEach(({ log_probability }, index) => {
        expect(log_probability).toBeCloseTo(alone.data[0]!.choices[index]!.log_probability, 4);
      });
    }
  });

  it('of a conversation are those of the text that the template makes of it', async () => {
    const messages = [{ role: 'user' as const, content: 'Warm?' }];
    const { data, usage } = await cluster.client.score({ model: MODEL, messages, choices: ['Yes', 'No'] });
    expect(data[0]!.choices).toHaveLength(2);
    expect(usage.prompt_tokens).toBeGreaterThan(2);
  });

  it.each([
    ['neither prompt nor messages', { choices }, 'prompt'],
    ['both', { prompt, messages: [{ role: 'user', content: 'a' }], choices }, 'prompt'],
    ['no choices', { prompt, choices: [] }, 'choices'],
    ['an empty choice', { prompt, choices: [''] }, 'choices.0'],
    ['more lists of choices than prompts', { prompt, choices: [[' a'], [' b']] }, 'choices'],
    ['a role that there is not', { messages: [{ role: 'tool', content: 'a' }], choices }, 'messages.0.role'],
    ['a text that cannot be stored', { prompt: 'a\0b', choices }, 'prompt'],
  ])('refuse %s', async (_name, body, param) => {
    expect(await errorOf(await send('score', { model: MODEL, ...body }))).toMatchObject({
      status: 400,
      param,
    });
  });

  it('refuse a choice for which there is no room', async () => {
    const body = { model: MODEL, prompt, choices: [' warm', ' cold'.repeat(200)] };
    expect(await errorOf(await send('score', body))).toMatchObject({ status: 400, code: 'answer_too_long' });
  });
});

it('are listed among the jobs, and counted', async () => {
  const { id } = await cluster.client.score({ model: adapter, prompt, choices });
  const jobs = (await (await fetch(`${cluster.client.url}/v1/jobs?kind=inference&search=${id}`)).json()) as {
    data: { id: string; status: string; tokens: number; adapter: string }[];
  };
  expect(jobs.data).toEqual([expect.objectContaining({ id, status: 'succeeded', adapter })]);
  expect(jobs.data[0]!.tokens).toBeGreaterThan(10);
  const metrics = await (await fetch(`${cluster.client.url}/metrics`)).text();
  expect(metrics).toMatch(/prad_answered_tokens_total\{kind="prompt"[^}]*\} [1-9]/);
  expect(metrics).toMatch(/route="\/v1\/embeddings"/);
});

it('on the command line', async () => {
  const lines = (await prad('embed', 'a', 'b', '--model', adapter, '--pooling', 'mean')).split('\n');
  const first = JSON.parse(lines[0] ?? '') as number[];
  expect(lines).toHaveLength(2);
  const direct = await vectorOf(adapter, 'a', 'mean');
  expect(dot(first, direct)).toBeCloseTo(1, 5);
  const shown = await prad('score', prompt, '--model', adapter, '--choice', ...choices);
  expect(shown).toMatch(/" cold" +\d+\.\d %/);
  expect(shown.split('\n')).toHaveLength(4);
});

describe('while no worker takes requests', () => {
  beforeAll(async () => {
    await cluster.workers[0]!.stop(20_000);
  });

  async function statusOf(prefix: string): Promise<string> {
    const list = (await (
      await fetch(`${cluster.client.url}/v1/jobs?kind=inference&search=${prefix}`)
    ).json()) as {
      data: { status: string }[];
    };
    return list.data[0]?.status ?? 'none';
  }

  it('a client that leaves takes its request with it', async () => {
    const leaving = new AbortController();
    const asked = send('embeddings', { model: MODEL, input: 'a' }, leaving.signal).catch(() => undefined);
    await until('the request to wait', async () => (await statusOf('embd-')) === 'queued' || undefined);
    leaving.abort();
    await asked;
    await until(
      'the request to be cancelled',
      async () => (await statusOf('embd-')) === 'cancelled' || undefined,
    );
  });

  it('a deadline passes', async () => {
    const body = { model: MODEL, prompt, choices, timeout_seconds: 0.2 };
    expect(await errorOf(await send('score', body))).toMatchObject({
      status: 503,
      code: 'deadline_exceeded',
    });
    await until(
      'the request to be cancelled',
      async () => (await statusOf('score-')) === 'cancelled' || undefined,
    );
  });

  it('the urgent one is read first by a worker that comes', async () => {
    const ask = async (input: string, priority: number) => {
      const { id } = await cluster.client.embed({ model: MODEL, input, priority });
      return (await cluster.database.inferenceJobs.get(id)).startedAt?.getTime() ?? NaN;
    };
    const asked = Promise.all([ask('later', 5), ask('urgent', -5)]);
    await until(
      'both to wait',
      async () => (await cluster.database.inferenceJobs.countUnfinished()) === 2 || undefined,
    );
    await cluster.startWorker({ MAX_NUM_SEQS: '1' });
    const [later, urgent] = await asked;
    expect(urgent).toBeLessThan(later);
  });
});
