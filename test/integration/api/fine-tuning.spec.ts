import { setTimeout as sleep } from 'node:timers/promises';
import {
  adapterMethodNames,
  adapterOptions,
  defaultLearningRates,
  fineTuningEvent,
  fineTuningJob,
  fineTuningJobList,
} from '@prad/contracts';
import { DEFAULT_PROJECT, type JsonObject } from '@prad/domain';
import { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { llamaLayout } from '../../../libs/adapter-files/testing/layouts.js';
import { addBaseModel } from '../support/rows.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { startApi, type ApiHarness } from './api-harness.js';
import { sentEvents } from './event-source.js';

let api: ApiHarness;
let trainingFile: string;

beforeAll(async () => {
  api = await startApi(await createEmptyDatabase());
  await addBaseModel(api.database, 'ft-base');
  const file = await toFile(Buffer.from('{"prompt":"a","completion":" b"}\n'.repeat(100)), 'train.jsonl');
  trainingFile = (await api.openai.files.create({ file, purpose: 'fine-tune' })).id;
});

afterAll(() => api.close());

function post(path: string, body: unknown): Promise<Response> {
  return fetch(`${api.url}/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function submit(extra: object = {}): Promise<string> {
  const response = await post('fine_tuning/jobs', {
    model: 'ft-base',
    training_file: trainingFile,
    ...extra,
  });
  expect(response.status).toBe(202);
  return fineTuningJob.parse(await response.json()).id;
}

async function finished(id: string) {
  for (;;) {
    const job = fineTuningJob.parse(await (await fetch(`${api.url}/v1/fine_tuning/jobs/${id}`)).json());
    if (['succeeded', 'failed', 'cancelled'].includes(job.status)) return job;
    await sleep(50);
  }
}

describe('fine-tuning jobs', () => {
  it('records the request with its defaults, trains, and lists the adapter as a model', async () => {
    const prad = {
      adapter: 'lora',
      rank: 4,
      targets: ['q_proj'],
      hyperparameters: { n_epochs: 2, batch_size: 8 },
    };
    const response = await post('fine_tuning/jobs', {
      ...{
        model: 'ft-base',
        training_file: trainingFile,
        validation_file: trainingFile,
        suffix: 'my-task',
        seed: 7,
      },
      ...{ method: { type: 'prad', prad }, metadata: { team: 'a' } },
    });
    expect(response.status).toBe(202);
    const job = fineTuningJob.parse(await response.json());
    expect(job).toMatchObject({
      ...{ object: 'fine_tuning.job', status: 'queued', model: 'ft-base', fine_tuned_model: null, seed: 7 },
      metadata: { team: 'a' },
      hyperparameters: { n_epochs: 2, batch_size: 8 },
      method: {
        type: 'prad',
        prad: {
          ...{ adapter: 'lora', scope: 'prompt', rank: 4, alpha: 4, init: 'identity', targets: ['q_proj'] },
          hyperparameters: {
            ...{ n_epochs: 2, max_steps: null, batch_size: 8, learning_rate: 1e-3, warmup_ratio: 0.06 },
            ...{ weight_decay: 0, max_grad_norm: 1, max_length: 512, evaluation_steps: null },
          },
        },
      },
    });
    const done = await finished(job.id);
    expect(done).toMatchObject({
      status: 'succeeded',
      trained_tokens: 42,
      prad: { progress: { step: 3, total: 3 } },
    });
    expect(done.fine_tuned_model).toMatch(/^ft:ft-base:my-task:[0-9a-z]{8}$/);
    const model = await api.openai.models.retrieve(done.fine_tuned_model ?? '');
    expect(model).toMatchObject({ object: 'model', prad: { kind: 'adapter', base: 'ft-base', job: job.id } });
    const checkpoints = await api.openai.fineTuning.jobs.checkpoints.list(job.id);
    expect(checkpoints.data).toMatchObject([
      { object: 'fine_tuning.job.checkpoint', step_number: 3, metrics: { step: 3, train_loss: 0.3 } },
    ]);
  });

  it.each(adapterMethodNames)('takes %s, and tells all of its options', async (adapter) => {
    const request = { model: 'ft-base', training_file: trainingFile };
    const response = await post('fine_tuning/jobs', {
      ...request,
      method: { type: 'prad', prad: { adapter } },
    });
    expect(response.status).toBe(202);
    const { id, method } = fineTuningJob.parse(await response.json());
    expect(method.prad).toMatchObject({ adapter, scope: 'prompt', ...adapterOptions[adapter].parse({}) });
    expect(method.prad.hyperparameters.learning_rate).toBe(defaultLearningRates[adapter]);
    await finished(id);
  });

  it('refuses an option of another method, and says which it has', async () => {
    const method = { type: 'prad', prad: { adapter: 'prefix', rank: 4 } };
    const response = await post('fine_tuning/jobs', {
      model: 'ft-base',
      training_file: trainingFile,
      method,
    });
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { message: string } };
    expect(error.message).toContain('`rank`: no option of prefix, whose options are length, projection');
  });

  it('works through the official client, with its pages', async () => {
    const job = await api.openai.fineTuning.jobs.create({ model: 'ft-base', training_file: trainingFile });
    expect((await api.openai.fineTuning.jobs.retrieve(job.id)).id).toBe(job.id);
    await finished(job.id);
    const messages: string[] = [];
    for await (const event of api.openai.fineTuning.jobs.listEvents(job.id, { limit: 2 }))
      messages.push(event.message);
    expect(messages).toEqual([
      'Succeeded',
      'Step 3/3',
      'Step 2/3',
      'Step 1/3',
      `Created fine-tuning job: ${job.id}`,
    ]);
    const ids: string[] = [];
    for await (const listed of api.openai.fineTuning.jobs.list({ limit: 1 })) ids.push(listed.id);
    expect(ids[0]).toBe(job.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('filters the list by status and model', async () => {
    const response = await fetch(`${api.url}/v1/fine_tuning/jobs?status=failed&model=ft-base`);
    expect(fineTuningJobList.parse(await response.json()).data).toEqual([]);
  });

  it('streams events live, ends with the job, and resumes after Last-Event-ID', async () => {
    const id = await submit();
    const events = [];
    for await (const event of sentEvents(
      await fetch(`${api.url}/v1/fine_tuning/jobs/${id}/events?stream=true`),
    )) {
      events.push(event);
    }
    expect(events.at(-1)?.data).toBe('[DONE]');
    const parsed = events.slice(0, -1).map(({ data }) => fineTuningEvent.parse(JSON.parse(data)));
    expect(parsed.map(({ message }) => message)).toEqual([
      ...[`Created fine-tuning job: ${id}`, 'Step 1/3', 'Step 2/3', 'Step 3/3', 'Succeeded'],
    ]);
    expect(events.slice(0, -1).map((event) => event.id)).toEqual(['1', '2', '3', '4', '5']);
    const rest = [];
    const headers = { 'last-event-id': '3' };
    const resumed = await fetch(`${api.url}/v1/fine_tuning/jobs/${id}/events?stream=true`, { headers });
    for await (const event of sentEvents(resumed)) rest.push(event.id);
    expect(rest).toEqual(['4', '5', undefined]);
  });

  it('cancels a running job, and a waiting one at once', async () => {
    const running = await submit();
    while ((await api.database.fineTuningJobs.get(running)).status !== 'running') await sleep(20);
    const asked = await api.openai.fineTuning.jobs.cancel(running);
    expect(asked).toMatchObject({ prad: { cancel_requested: true } });
    expect((await finished(running)).status).toBe('cancelled');
    await expect(api.openai.fineTuning.jobs.cancel(running)).rejects.toMatchObject({ status: 409 });
    await api.stopWorker();
    const waiting = await submit();
    expect((await api.openai.fineTuning.jobs.cancel(waiting)).status).toBe('cancelled');
    await api.startWorker();
    await sleep(300);
    expect((await finished(waiting)).status).toBe('cancelled');
  });

  const rank = (value: number) => ({ method: { type: 'prad', prad: { rank: value } } });
  it.each<[string, object, number, string | null, RegExp]>([
    ['an unknown model', { model: 'gpt-9' }, 404, 'model', /no model named "gpt-9"/],
    ['an adapter as model', { model: 'ft:a::b' }, 404, 'model', /ft:a::b/],
    ['an unknown file', { training_file: 'file-x' }, 404, 'training_file', /no file named "file-x"/],
    ['an unknown validation file', { validation_file: 'file-y' }, 404, 'validation_file', /file-y/],
    [
      'an unknown adapter method',
      { method: { type: 'prad', prad: { adapter: 'bitfit' } } },
      400,
      'method.prad.adapter',
      /known are adapter, lora, dora/,
    ],
    ['another method type', { method: { type: 'supervised' } }, 400, 'method.type', /expected "prad"/],
    ['rank 0', rank(0), 400, 'method.prad.rank', /from 1 to 4096, got 0/],
    ['a rank too large', rank(4097), 400, 'method.prad.rank', /from 1 to 4096, got 4097/],
    [
      'examples longer than the context',
      { method: { type: 'prad', prad: { hyperparameters: { max_length: 513 } } } },
      400,
      'method.prad.hyperparameters.max_length',
      /at most 512/,
    ],
    ['a bad suffix', { suffix: 'Not Good' }, 400, 'suffix', /a-z, 0-9 and dash/],
    ['an unknown field', { epochs: 3 }, 400, 'epochs', /epochs/],
    ['a seed that is no number', { seed: 'x' }, 400, 'seed', /seed/],
  ])('refuses %s', async (_, change, status, param, message) => {
    const before = await api.database.fineTuningJobs.list(DEFAULT_PROJECT, { limit: 1000 });
    const response = await post('fine_tuning/jobs', {
      model: 'ft-base',
      training_file: trainingFile,
      ...change,
    });
    expect(response.status).toBe(status);
    const body: unknown = await response.json();
    expect(body).toMatchObject({ error: { type: 'invalid_request_error', param } });
    expect(body).toHaveProperty('error.message', expect.stringMatching(message));
    expect(await api.database.fineTuningJobs.list(DEFAULT_PROJECT, { limit: 1000 })).toEqual(before);
  });

  it('accepts a job of little effect with a warning, which its events tell too', async () => {
    const layout = { ...llamaLayout, layers: 1 } as unknown as JsonObject;
    await addBaseModel(api.database, 'one-layer', { layout });
    const done = await finished(await submit({ model: 'one-layer', ...rank(2) }));
    const [warning = ''] = done.prad.warnings;
    expect(warning).toContain('only the first answer token');
    const { items } = await api.database.jobEvents.list(done.id, { limit: 100 });
    expect(items).toContainEqual(expect.objectContaining({ level: 'warn', message: warning }));
    expect((await finished(await submit())).prad.warnings).toEqual([]);
    const two = { layout: llamaLayout as unknown as JsonObject };
    await addBaseModel(api.database, 'two-layers', two);
    const inLayers = (...layers: number[]) => ({
      model: 'two-layers',
      method: { type: 'prad', prad: { rank: 2, layers } },
    });
    const lower = await finished(await submit(inLayers(0)));
    expect(lower).toMatchObject({ method: { prad: { layers: [0] } }, prad: { warnings: [] } });
    expect((await finished(await submit(inLayers(1)))).prad.warnings).toHaveLength(1);
    const refused = await post('fine_tuning/jobs', { ...inLayers(2), training_file: trainingFile });
    expect(await refused.json()).toMatchObject({
      error: { code: 'invalid_adapter_options', param: 'method.prad.layers' },
    });
  });

  it('refuses an adapter as the base of another', async () => {
    const done = await finished(await submit());
    const response = await post('fine_tuning/jobs', {
      model: done.fine_tuned_model,
      training_file: trainingFile,
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'model_not_trainable', param: 'model' } });
  });

  it.each(['', '/events', '/events?stream=true', '/checkpoints'])('knows no job job-x%s', async (path) => {
    const response = await fetch(`${api.url}/v1/fine_tuning/jobs/job-x${path}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'fine_tuning_job_not_found' } });
  });

  it('refuses a page of no items and a Last-Event-ID that is no number', async () => {
    expect((await fetch(`${api.url}/v1/fine_tuning/jobs?limit=0`)).status).toBe(400);
    const id = await submit();
    const headers = { 'last-event-id': 'x' };
    expect((await fetch(`${api.url}/v1/fine_tuning/jobs/${id}/events?stream=true`, { headers })).status).toBe(
      400,
    );
  });
});
