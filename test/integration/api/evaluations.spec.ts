import { setTimeout as sleep } from 'node:timers/promises';
import {
  evaluationEvent,
  evaluationEventList,
  evaluationList,
  evaluationObject,
  type EvaluationEventObject,
  type EvaluationObject,
} from '@prad/contracts';
import { HandlerHost, JobProducer, chooseQueueStore, type EvaluationPrediction } from '@prad/queue';
import { LocalBlobStore } from '@prad/storage';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EvaluateHandler } from '../../../apps/worker/src/evaluation/evaluate.handler.js';
import { addBaseModel } from '../support/rows.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { startApi, type ApiHarness } from './api-harness.js';
import { sentEvents } from './event-source.js';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
let api: ApiHarness;
let producer: JobProducer;
let host: HandlerHost | undefined;
let url: string;

beforeAll(async () => {
  url = await createEmptyDatabase();
  api = await startApi(url);
  for (const model of ['one', 'two']) await addBaseModel(api.database, model);
  producer = new JobProducer({ url }, () => undefined);
});

afterEach(() => stopEvaluator());

afterAll(async () => {
  await producer.close();
  await api.close();
});

/** A worker with the role evaluate; the generating one answers a prompt `x` with ` x0 x1 ...`. */
async function startEvaluator(): Promise<void> {
  const timing = { leaseMs: 2_000, heartbeatMs: 100 };
  const handler = new EvaluateHandler(api.database, new LocalBlobStore(api.blobFolder), producer, timing);
  const options = { store: chooseQueueStore(undefined, url, 'bullmq'), roles: ['evaluate'] as const, log };
  host = new HandlerHost({ ...options, concurrency: { evaluate: 2 } }, [handler]);
  await host.start();
}

async function stopEvaluator(graceMs = 5_000): Promise<void> {
  await host?.close(graceMs);
  host = undefined;
}

async function upload(rows: readonly object[]): Promise<string> {
  const form = new FormData();
  form.append('purpose', 'fine-tune');
  form.append('file', new Blob([rows.map((row) => `${JSON.stringify(row)}\n`).join('')]), 'rows.jsonl');
  const response = await fetch(`${api.url}/v1/files`, { method: 'POST', body: form });
  return ((await response.json()) as { id: string }).id;
}

function post(path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${api.url}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function submit(body: object): Promise<string> {
  const response = await post('evaluations', { metrics: ['bleu', 'exact_match'], max_tokens: 2, ...body });
  expect(response.status).toBe(202);
  return evaluationObject.parse(await response.json()).id;
}

async function get(id: string): Promise<EvaluationObject> {
  return evaluationObject.parse(await (await fetch(`${api.url}/v1/evaluations/${id}`)).json());
}

async function reaches(id: string, is: (evaluation: EvaluationObject) => boolean): Promise<EvaluationObject> {
  for (;;) {
    const evaluation = await get(id);
    if (is(evaluation)) return evaluation;
    if (['failed', 'cancelled', 'succeeded'].includes(evaluation.status)) {
      throw new Error(`${id} is ${evaluation.status}: ${evaluation.error?.message ?? ''}`);
    }
    await sleep(50);
  }
}

/** The story from a sequence on, read as a stream until it says that it is over. */
async function follow(id: string, after?: number): Promise<EvaluationEventObject[]> {
  const headers: Record<string, string> = after === undefined ? {} : { 'last-event-id': String(after) };
  const sent = [];
  const response = await fetch(`${api.url}/v1/evaluations/${id}/events?stream=true`, { headers });
  for await (const event of sentEvents(response)) sent.push(event);
  expect(sent.pop()?.data).toBe('[DONE]');
  return sent.map(({ id: sequence, data }) => {
    const event = evaluationEvent.parse(JSON.parse(data));
    expect(String(event.prad.sequence)).toBe(sequence);
    return event;
  });
}

/** What was told of one model, in order. */
function standingsOf(events: readonly EvaluationEventObject[], place: number) {
  return events.flatMap(({ type, data }) => (type === 'metrics' && data.place === place ? [data] : []));
}

function expectNoFall(values: readonly number[]): void {
  expect(values).toEqual([...values].sort((a, b) => a - b));
}

const ended = (id: string) => reaches(id, ({ status }) => status === 'succeeded');
const row = (prompt: string, completion: string) => ({ prompt, completion });

describe('an evaluation', () => {
  it('groups references, scores every model and keeps predictions', async () => {
    await startEvaluator();
    const file = await upload([
      row('x', ' wrong'),
      row('x', ' x0 x1'),
      row('y', ' no'),
      {
        messages: [
          { role: 'user', content: 'z' },
          { role: 'assistant', content: 'z0 z1' },
        ],
      },
    ]);
    const evaluation = await ended(await submit({ model: ['one', 'two'], file }));
    expect(evaluation).toMatchObject({
      progress: { done: 6, total: 6 },
      result: { samples: 3, references: 4 },
    });
    expect(evaluation.models[0]).toMatchObject({ model: 'one', base_digest: 'd'.repeat(64), adapter: null });
    const [first, second] = evaluation.result?.models ?? [];
    expect(first?.comparisons).toBeNull();
    expect(first?.scores[1]).toMatchObject({ metric: 'exact_match', score: 2 / 3, higher_is_better: true });
    expect(first?.scores[0]?.signature).toMatch(
      /^nrefs:var\|case:mixed\|eff:no\|tok:13a\|smooth:exp\|version/,
    );
    expect(second?.scores).toEqual(first?.scores);
    expect(second?.comparisons?.[1]).toMatchObject({ difference: 0, wins: 0, losses: 0, ties: 3 });
    const predictions = await (await fetch(`${api.url}/v1/evaluations/${evaluation.id}/predictions`)).text();
    const lines = predictions
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as EvaluationPrediction);
    expect(lines.map(({ line }) => line)).toEqual([1, 3, 4]);
    expect(lines[0]).toMatchObject({
      references: ['wrong', 'x0 x1'],
      predictions: [
        { model: 'one', text: 'x0 x1', finishReason: 'length', statistics: { exact_match: [1, 1] } },
        {},
      ],
    });
    const listed = await (await fetch(`${api.url}/v1/evaluations`)).json();
    expect(evaluationList.parse(listed).data[0]).toEqual(evaluation);
  });

  it('tells how far each model is, its scores and the end, and resumes after Last-Event-ID', async () => {
    const rows = Array.from({ length: 40 }, (_, index) => row(`p${index}`, ` p${index}0 p${index}1`));
    const id = await submit({ model: ['one', 'two'], file: await upload(rows) });
    const followed = follow(id);
    await startEvaluator();
    const events = await followed;
    expect(events.map(({ prad }) => prad.sequence)).toEqual(events.map((_, index) => index + 1));
    expect(events[0]).toMatchObject({
      object: 'evaluation.event',
      message: 'Evaluation started: 2 models on 40 samples',
      data: { attempt: 1, samples: 40 },
    });
    expect(events.at(-1)).toMatchObject({ level: 'info', type: 'message', data: { status: 'succeeded' } });
    const { result } = await get(id);
    for (const [place, model] of ['one', 'two'].entries()) {
      const standings = standingsOf(events, place);
      const whole = { place, model, total: 40, shards: 3 };
      for (const standing of standings) expect(standing).toMatchObject(whole);
      expectNoFall(standings.map(({ done }) => done));
      expectNoFall(standings.map(({ shards_done }) => shards_done));
      const last = {
        status: 'finished',
        done: 40,
        shards_done: 3,
        rows_per_second: expect.any(Number) as number,
      };
      expect(standings.at(-1)).toMatchObject(last);
      const scores = result?.models[place]?.scores.map(({ metric, score }) => [metric, score]) ?? [];
      expect(Object.entries(standings.at(-1)?.scores ?? {})).toEqual(scores);
      expect(standings.slice(0, -1).every(({ scores: none }) => none === null)).toBe(true);
    }
    expect(await follow(id, 2)).toEqual(events.slice(2));
    const page = await (await fetch(`${api.url}/v1/evaluations/${id}/events?limit=2`)).json();
    expect(evaluationEventList.parse(page)).toMatchObject({
      data: events.slice(-2).reverse(),
      has_more: true,
    });
    expect((await fetch(`${api.url}/v1/evaluations/eval-none/events`)).status).toBe(404);
  });

  it('goes on where it was stopped, and comes to the same scores', async () => {
    const rows = Array.from({ length: 80 }, (_, index) =>
      row(index % 8 === 0 ? 'slow' : `p${index}`, ` p${index}0`),
    );
    const file = await upload(rows);
    const body = { model: ['one', 'two'], file, max_tokens: 6 };
    await startEvaluator();
    const whole = await ended(await submit(body));
    const id = await submit(body);
    await reaches(id, ({ progress }) => progress !== null && progress.done > 0);
    await stopEvaluator(0);
    const halted = await get(id);
    expect(halted.status).toBe('queued');
    expect(halted.progress?.done).toBeLessThan(160);
    const answered = await api.database.inferenceJobs.get(`${id}-0-0`);
    await startEvaluator();
    const resumed = await ended(id);
    expect(resumed.result).toEqual(whole.result);
    const events = await follow(id);
    expect(events.filter(({ message }) => message.startsWith('Evaluation goes on'))).toHaveLength(1);
    for (const place of [0, 1]) {
      const done = standingsOf(events, place).map((standing) => standing.done);
      expectNoFall(done);
      expect(done.at(-1)).toBe(80);
    }
    expect(await api.database.inferenceJobs.get(`${id}-0-0`)).toMatchObject({
      createdAt: answered.createdAt,
    });
  });

  it('is cancelled with its requests', async () => {
    await startEvaluator();
    const file = await upload([row('slow', ' a')]);
    const id = await submit({ model: 'one', file, max_tokens: 400 });
    await reaches(id, ({ progress }) => progress !== null);
    expect((await post(`evaluations/${id}/cancel`, {})).status).toBe(200);
    await reaches(id, ({ status }) => status === 'cancelled');
    const request = await api.database.inferenceJobs.get(`${id}-0-0`);
    expect(request.cancelRequested).toBe(true);
    expect((await follow(id)).at(-1)).toMatchObject({ data: { status: 'cancelled' } });
    expect((await post(`evaluations/${id}/cancel`, {})).status).toBe(409);
  });

  it('fails with the lines that were not answered', async () => {
    await startEvaluator();
    const file = await upload([row('a', ' b'), row('refuse', ' c')]);
    const id = await submit({ model: 'one', file });
    const { error } = await reaches(id, ({ status }) => status === 'failed');
    expect(error?.code).toBe('context_length_exceeded');
    expect(error?.message).toMatch(
      /^one did not answer the samples of lines 1 to 2: the prompt has 9 tokens/,
    );
    expect((await follow(id)).at(-1)).toMatchObject({
      level: 'error',
      message: error?.message,
      data: { status: 'failed', code: error?.code },
    });
  });

  it.each([
    ['an unknown metric', { metrics: ['blue'] }, 400, 'metrics'],
    ['a metric that needs more than texts', { metrics: ['perplexity'] }, 400, 'metrics'],
    ['an unknown model', { model: 'three' }, 404, 'model'],
    ['an unknown file', { file: 'file-none' }, 404, 'file'],
    ['answers longer than the context', { max_tokens: 512 }, 400, 'max_tokens'],
  ])('refuses %s', async (_, change, status, param) => {
    const file = await upload([row('a', ' b')]);
    const response = await post('evaluations', { model: 'one', file, metrics: ['bleu'], ...change });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { param } });
  });

  it('keeps its file', async () => {
    const file = await upload([row('a', ' b')]);
    await submit({ model: 'one', file });
    expect((await fetch(`${api.url}/v1/files/${file}`, { method: 'DELETE' })).status).toBe(409);
  });
});
