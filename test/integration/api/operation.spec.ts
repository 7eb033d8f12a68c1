import { DEFAULT_PROJECT } from '@prad/domain';
import { AppError } from '@prad/errors';
import { JobProducer } from '@prad/queue';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { addBaseModel } from '../support/rows.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { startApi, type ApiHarness } from './api-harness.js';
import { sentEvents } from './event-source.js';

let api: ApiHarness;
let databaseUrl: string;

beforeAll(async () => {
  databaseUrl = await createEmptyDatabase();
  api = await startApi(databaseUrl);
  await addBaseModel(api.database, 'op-base');
});

afterAll(() => api.close());

function post(path: string, body: unknown, to = api): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${to.url}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

describe('models', () => {
  it('lists models and describes one', async () => {
    const found = [];
    for await (const model of api.openai.models.list()) found.push(model.id);
    expect(found).toContain('op-base');
    expect(await api.openai.models.retrieve('op-base')).toMatchObject({
      object: 'model',
      prad: { kind: 'base', status: 'ready', architecture: 'llama', context_length: 512 },
    });
    await expect(api.openai.models.retrieve('nope')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });

  it('records an import, refuses its name twice, and deletes it', async () => {
    const response = await post('models', { source: '/models/Some-Model-Q8_0.gguf' });
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({
      id: 'some-model',
      prad: { status: 'importing', source: '/models/Some-Model-Q8_0.gguf' },
    });
    const again = await post('models', { source: 'x', name: 'some-model' });
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ error: { code: 'model_exists' } });
    expect(await api.openai.models.delete('some-model')).toMatchObject({ id: 'some-model', deleted: true });
    await expect(api.openai.models.delete('some-model')).rejects.toMatchObject({ status: 404 });
    expect((await post('models', { source: 'x', name: 'Bad Name' })).status).toBe(400);
  });
});

describe('operation', () => {
  it('lives and is ready', async () => {
    expect(await (await fetch(`${api.url}/health`)).json()).toEqual({ status: 'ok' });
    const ready = await fetch(`${api.url}/ready`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ status: 'ok', checks: { database: { status: 'ok' } } });
  });

  it('measures requests and queues', async () => {
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    expect(metrics).toMatch(/prad_http_request_duration_seconds_count\{.*route="\/v1\/models\/:id"/);
    expect(metrics).toMatch(/prad_queue_jobs\{queue="train",state="waiting",service="api"\} \d+/);
  });

  it('documents every route with its contracts', async () => {
    const docs = (await (await fetch(`${api.url}/docs-json`)).json()) as {
      paths: Record<string, object>;
      components: { schemas: Record<string, object> };
    };
    expect(Object.keys(docs.paths)).toEqual(
      expect.arrayContaining([
        '/v1/files',
        '/v1/files/{id}/content',
        '/v1/fine_tuning/jobs/{id}/events',
        '/v1/evaluations/{id}/events',
        '/v1/models',
        '/v1/jobs',
        '/v1/jobs/stream',
        '/v1/overview',
        '/v1/workers',
        '/v1/adapters/{id}/content',
        '/v1/files/{id}/preview',
        '/v1/fine_tuning/jobs/{id}/metrics',
        '/v1/completions',
        '/v1/chat/completions',
        '/ready',
      ]),
    );
    expect(Object.keys(docs.components.schemas)).toEqual(
      expect.arrayContaining([
        'CreateFineTuningJob',
        'CreateCompletion',
        'CreateChatCompletion',
        'FineTuningJob',
      ]),
    );
  });

  it('documents no schema that is not there', async () => {
    const text = await (await fetch(`${api.url}/docs-json`)).text();
    const { components } = JSON.parse(text) as { components: { schemas: object } };
    const known = Object.keys(components.schemas).map((name) => `#/components/schemas/${name}`);
    const named = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((reference) => !known.includes(reference ?? ''))).toEqual([]);
  });

  it('answers unknown routes, broken JSON and failures of its own in OpenAI’s form', async () => {
    const unknown = await fetch(`${api.url}/v1/nothing`);
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({
      error: { code: 'unknown_route', type: 'invalid_request_error' },
    });
    const headers = { 'content-type': 'application/json' };
    const broken = await fetch(`${api.url}/v1/completions`, { method: 'POST', headers, body: '{' });
    expect(broken.status).toBe(400);
    expect(await broken.json()).toHaveProperty('error.message');
  });

  it('answers 503 and leaves no waiting job when the queue is down', async () => {
    const down = new AppError({
      kind: 'unavailable',
      code: 'queue_unavailable',
      message: 'the queue is down',
    });
    const add = vi.spyOn(api.app.get(JobProducer), 'add').mockRejectedValue(down);
    const response = await post('completions', { model: 'op-base', prompt: 'x' });
    add.mockRestore();
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: { code: 'queue_unavailable' } });
    const queued = await api.database.inferenceJobs.list(
      DEFAULT_PROJECT,
      { limit: 100 },
      { status: 'queued', baseModel: 'op-base' },
    );
    expect(queued.items).toEqual([]);
  });

  it('lets a running stream end when it is stopped, and ends followers of events', async () => {
    const leaving = await startApi(databaseUrl);
    const job = await api.database.fineTuningJobs.create({
      ...{
        id: 'ftjob-drain',
        project: DEFAULT_PROJECT,
        model: 'op-base',
        task: null,
        trainingFile: await trainingFile(),
        validationFile: null,
      },
      ...{ suffix: null, seed: 1, metadata: {}, status: 'queued' as const },
      method: { adapter: 'adapter', scope: 'prompt', options: {}, hyperparameters: {} },
    });
    const follower = await fetch(`${leaving.url}/v1/fine_tuning/jobs/${job.id}/events?stream=true`);
    expect(follower.headers.get('content-type')).toContain('text/event-stream');
    const running = await post(
      'completions',
      { model: 'op-base', prompt: 'slow', max_tokens: 8, stream: true },
      leaving,
    );
    const stopped = leaving.app.close();
    const data: string[] = [];
    for await (const event of sentEvents(running)) data.push(event.data);
    expect(data.at(-1)).toBe('[DONE]');
    const followed: string[] = [];
    for await (const event of sentEvents(follower)) followed.push(event.data);
    expect(followed).toEqual([]);
    await stopped;
    await expect(fetch(`${leaving.url}/health`)).rejects.toThrow();
    await leaving.close();
  });
});

async function trainingFile(): Promise<string> {
  const form = new FormData();
  form.append('file', new Blob(['{"prompt":"a","completion":"b"}\n']), 'x.jsonl');
  form.append('purpose', 'fine-tune');
  const response = await fetch(`${api.url}/v1/files`, { method: 'POST', body: form });
  return ((await response.json()) as { id: string }).id;
}
