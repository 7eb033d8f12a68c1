import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  errorBody,
  evaluationObject,
  fileObject,
  fineTuningEstimate,
  fineTuningJob,
  taskList,
  taskObject,
  taskPreview,
  type TaskObject,
} from '@prad/contracts';
import { HandlerHost, JobProducer, chooseQueueStore } from '@prad/queue';
import { LocalBlobStore } from '@prad/storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EvaluateHandler } from '../../../apps/worker/src/evaluation/evaluate.handler.js';
import { addBaseModel, modelContent } from '../support/rows.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { startApi, type ApiHarness } from './api-harness.js';

const bundled = join(import.meta.dirname, '../../../bundled/prad-tiny');
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
let api: ApiHarness;
let producer: JobProducer;
let evaluator: HandlerHost;

beforeAll(async () => {
  const url = await createEmptyDatabase();
  api = await startApi(url);
  await addBaseModel(api.database, 'base');
  const blobs = new LocalBlobStore(api.blobFolder);
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    await blobs.put(`${modelContent.blobKey}/${name}`, await readFile(join(bundled, name)));
  }
  producer = new JobProducer({ url }, () => undefined);
  const timing = { leaseMs: 2_000, heartbeatMs: 100 };
  const handler = new EvaluateHandler(api.database, blobs, producer, timing);
  const options = { store: chooseQueueStore(undefined, url, 'bullmq'), roles: ['evaluate'] as const, log };
  evaluator = new HandlerHost({ ...options, concurrency: { evaluate: 2 } }, [handler]);
  await evaluator.start();
});

afterAll(async () => {
  await evaluator.close(5_000);
  await producer.close();
  await api.close();
});

function send(path: string, body?: object, method = body ? 'POST' : 'GET'): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${api.url}/v1/${path}`, { method, ...(body && { headers, body: JSON.stringify(body) }) });
}

async function errorOf(response: Response) {
  return { status: response.status, ...errorBody.parse(await response.json()).error };
}

function upload(rows: readonly unknown[], task?: string): Promise<Response> {
  const form = new FormData();
  form.append('purpose', 'fine-tune');
  if (task !== undefined) form.append('task', task);
  form.append('file', new Blob([rows.map((row) => `${JSON.stringify(row)}\n`).join('')]), 'rows.jsonl');
  return fetch(`${api.url}/v1/files`, { method: 'POST', body: form });
}

async function uploaded(rows: readonly unknown[], task?: string): Promise<string> {
  const response = await upload(rows, task);
  expect(response.status).toBe(200);
  return fileObject.parse(await response.json()).id;
}

async function evaluated(body: object) {
  const response = await send('evaluations', { model: 'base', ...body });
  expect(response.status).toBe(202);
  const { id } = evaluationObject.parse(await response.json());
  for (;;) {
    const evaluation = evaluationObject.parse(await (await send(`evaluations/${id}`)).json());
    if (['failed', 'cancelled', 'succeeded'].includes(evaluation.status)) return evaluation;
    await sleep(50);
  }
}

const tone = {
  name: 'tone',
  description: 'How a note sounds.',
  prompt: '{{ note }} sounds',
  answer: '{{ tone }}',
  labels: { '0': ' rude', '1': ' kind' },
  metrics: ['accuracy'],
  decoding: { max_tokens: 2 },
  example: { note: 'Thank you!', tone: 1 },
};
const sst2Row = (text: string, sentiment: string) => ({ text, sentiment });

describe('tasks of a project', () => {
  it('are made, listed behind the built-in ones, read and deleted', async () => {
    const response = await send('tasks', tone);
    expect(response.status).toBe(201);
    const made: TaskObject = taskObject.parse(await response.json());
    expect(made).toMatchObject({
      id: 'tone',
      built_in: false,
      labels: [' rude', ' kind'],
      prompt: tone.prompt,
    });
    expect(made.decoding).toEqual({ num_beams: 1, max_tokens: 2, temperature: 0, stop: [] });
    const listed = taskList.parse(await (await send('tasks')).json()).data;
    expect(listed.map(({ id }) => id)).toEqual([
      ...['e2e', 'web_nlg', 'mt', 'xsum', 'sst2', 'mnli', 'generic', 'chat', 'alpaca', 'classification'],
      'tone',
    ]);
    expect(listed.find(({ id }) => id === 'e2e')?.decoding).toMatchObject({ num_beams: 3, max_tokens: 128 });
    expect(await (await send('tasks/tone')).json()).toEqual(made);
    expect(await errorOf(await send('tasks', tone))).toMatchObject({ status: 409, code: 'task_exists' });
    expect((await send('tasks/tone', undefined, 'DELETE')).status).toBe(200);
    expect(await errorOf(await send('tasks/tone'))).toMatchObject({ status: 404, code: 'task_not_found' });
    expect(await errorOf(await send('tasks/e2e', undefined, 'DELETE'))).toMatchObject({ status: 409 });
  });

  it.each([
    ['a built-in name', { name: 'sst2' }, 409, 'name', /built in/],
    ['a name with blanks', { name: 'a b' }, 400, 'name', /1 to 64 characters/],
    ['broken Jinja', { prompt: '{{ note' }, 400, 'prompt', /is not Jinja/],
    ['an endless loop', { answer: '{% for i in range(9) %}{% endfor %}' }, 400, 'answer', /calls are taken/],
    ['a template over what is not there', { prompt: '{{ other }}' }, 400, 'example', /other is missing/],
    ['an example with another label', { example: { note: 'x', tone: 3 } }, 400, 'example', /one of 0, 1/],
    ['an unknown metric', { metrics: ['blue'] }, 400, 'metrics', /unknown metric/],
    ['an option that is not known', { beams: 3 }, 400, 'beams', /beams/],
  ])('refuses %s', async (_, change, status, param, message) => {
    const error = await errorOf(await send('tasks', { ...tone, name: 'other', ...change }));
    expect(error).toMatchObject({ status, param });
    expect(error.message).toMatch(message);
  });
});

describe('a file of a task', () => {
  it('is checked through the task, and keeps it', async () => {
    const id = await uploaded([sst2Row('a fine film', 'positive')], 'sst2');
    const file = fileObject.parse(await (await send(`files/${id}`)).json());
    expect(file.prad.task).toEqual({ name: 'sst2', template: 'plain', labels: null });
  });

  it('is refused for bad rows, each with its line and field', async () => {
    const rows = [
      sst2Row('good', 'positive'),
      sst2Row('no label of it', 'meh'),
      { text: 'no sentiment' },
      sst2Row(' ', 'negative'),
      [1],
    ];
    const error = await errorOf(await upload(rows, 'sst2'));
    expect(error).toMatchObject({ status: 400, param: 'file', code: 'training_example' });
    expect(error.prad?.problems).toEqual([
      {
        ...{ line: 2, field: 'sentiment' },
        message: 'line 2: sentiment must be one of positive, negative, got "meh"',
      },
      { line: 3, field: 'sentiment', message: 'line 3: sentiment is missing' },
      { line: 4, field: 'text', message: 'line 4: text must not be empty' },
      { line: 5, message: expect.stringMatching(/^line 5: must be an object/) as string },
    ]);
  });

  it.each([
    ['an unknown task', 'poems', 404, 'task_not_found'],
    ['a template that it does not have', '{"name":"alpaca","template":"special"}', 400, 'unknown_template'],
    ['labels of a task that has its own', '{"name":"sst2","labels":["a","b"]}', 400, 'labels_not_given'],
    ['what is no choice', '{"task":"sst2"}', 400, 'invalid_form'],
  ])('is refused for %s', async (_, task, status, code) => {
    expect(await errorOf(await upload([], task))).toMatchObject({ status, code, param: 'task' });
  });
});

describe('a fine-tuning job of a task', () => {
  it('takes the task of its file, or that of the request', async () => {
    const sst2 = await uploaded([sst2Row('a fine film', 'positive')], 'sst2');
    const submit = async (body: object) => {
      const response = await send('fine_tuning/jobs', { model: 'base', training_file: sst2, ...body });
      expect(response.status).toBe(202);
      return fineTuningJob.parse(await response.json());
    };
    expect((await submit({})).prad.task).toEqual({ name: 'sst2', template: 'plain', labels: null });
    const special = await submit({ task: { name: 'sst2', template: 'special' } });
    expect(special.prad.task?.template).toBe('special');
    expect(special.method.prad['special_tokens']).toHaveLength(17);
    const file = await uploaded([{ prompt: 'a', completion: ' b' }]);
    expect((await submit({ training_file: file })).prad.task).toBeNull();
  });

  it('is refused for a method without special tokens', async () => {
    const training_file = await uploaded([sst2Row('a fine film', 'positive')], 'sst2');
    const method = { type: 'prad', prad: { adapter: 'full' } };
    const task = { name: 'sst2', template: 'special' };
    const error = await errorOf(
      await send('fine_tuning/jobs', { model: 'base', training_file, method, task }),
    );
    expect(error).toMatchObject({ status: 400, param: 'task.template' });
  });

  it('is estimated through the task', async () => {
    const training_file = await uploaded([sst2Row('a fine film', 'positive')], 'sst2');
    const estimate = async (task: object | undefined) => {
      const response = await send('fine_tuning/estimate', { model: 'base', training_file, task });
      return fineTuningEstimate.parse(await response.json()).longest_row;
    };
    // Special tokens count one each, whatever their letters.
    expect(await estimate({ name: 'sst2', template: 'special' })).toBeLessThan(await estimate(undefined));
    const misread = await send('fine_tuning/estimate', { model: 'base', training_file, task: 'mt' });
    expect(await errorOf(misread)).toMatchObject({ param: 'task', message: 'line 1: de is missing' });
  });
});

describe('an evaluation of a task', () => {
  it('takes metrics and decoding of the task, leaves rows out that are not the task’s, and keeps its definition', async () => {
    const { id: name } = taskObject.parse(await (await send('tasks', { ...tone, name: 'tone-2' })).json());
    const rows = [
      { note: 'x', tone: 1 },
      { note: 'x', tone: 1 },
      { note: 'y', tone: 5 },
      { tone: 0 },
      { note: 'z', tone: '0' },
    ];
    // The file was uploaded as something else, so its rows are checked when they are read.
    const file = await uploaded(
      rows.map((row) => ({ text: JSON.stringify(row), ...row, label: 'a' })),
      '{"name":"classification","labels":["a","b"]}',
    );
    const response = await send('evaluations', { model: 'base', file, task: name });
    const { id } = evaluationObject.parse(await response.json());
    await send(`tasks/${name}`, undefined, 'DELETE');
    let evaluation = evaluationObject.parse(await (await send(`evaluations/${id}`)).json());
    while (evaluation.status === 'queued' || evaluation.status === 'running') {
      await sleep(50);
      evaluation = evaluationObject.parse(await (await send(`evaluations/${id}`)).json());
    }
    expect(evaluation).toMatchObject({
      ...{ status: 'succeeded', metrics: ['accuracy'], max_tokens: 2, label_scoring: 'generation' },
      task: { name: 'tone-2', template: 'plain', labels: null },
      result: { samples: 2, references: 3, skipped: 2 },
    });
    expect(evaluation.result?.problems).toEqual([
      { line: 3, field: 'answer', message: 'line 3: the label must be one of 0, 1, got "5"' },
      { line: 4, field: 'note', message: 'line 4: note is missing' },
    ]);
  });

  it('asks in pieces, and for the likeliest label where that is wanted', async () => {
    const file = await uploaded([sst2Row('a fine film', 'positive'), sst2Row('dull', 'negative')], 'sst2');
    const evaluation = await evaluated({ file, label_scoring: 'likelihood' });
    expect(evaluation).toMatchObject({ status: 'succeeded', label_scoring: 'likelihood', max_tokens: 16 });
    const { request } = await api.database.inferenceJobs.get(`${evaluation.id}-0-0`);
    expect(request).toMatchObject({
      input: {
        prompts: [
          [{ text: '#INPUT: a fine film #OUTPUT: ', keep: { first: 512, last: 5 } }],
          [{ text: '#INPUT: dull #OUTPUT: ', keep: { first: 512, last: 5 } }],
        ],
        candidates: ['positive', 'negative'],
      },
    });
    // The worker of these tests takes the first candidate.
    expect(evaluation.result?.models[0]?.scores[0]).toMatchObject({ metric: 'accuracy', score: 0.5 });
  });

  it('fails with the first problem where no row is the task’s', async () => {
    const file = await uploaded([{ prompt: 'a', completion: ' b' }]);
    const evaluation = await evaluated({ file, task: 'mt' });
    expect(evaluation).toMatchObject({ status: 'failed', error: { message: 'line 1: de is missing' } });
  });

  it.each([
    ['an unknown task', { task: 'poems' }, 404, 'task'],
    ['no metrics without a task', {}, 400, 'metrics'],
    ['likelihoods of free text', { task: 'generic', label_scoring: 'likelihood' }, 400, 'label_scoring'],
  ])('refuses %s', async (_, body, status, param) => {
    const file = await uploaded([{ prompt: 'a', completion: ' b' }]);
    const response = await send('evaluations', { model: 'base', file, ...body });
    expect(await errorOf(response)).toMatchObject({ status, param });
  });
});

describe('a preview', () => {
  const lines = [
    JSON.stringify({ note: 'x', tone: 1 }),
    '',
    JSON.stringify({ note: 'x', tone: 1 }),
    'nonsense',
    JSON.stringify({ note: 'y' }),
  ];

  it('shows prompts, answers, token counts and problems of a task that is not made yet', async () => {
    const response = await send('tasks/preview', { definition: tone, lines, model: 'base' });
    expect(response.status).toBe(200);
    const preview = taskPreview.parse(await response.json());
    expect(preview.rows).toHaveLength(2);
    expect(preview.rows[1]).toMatchObject({ line: 3, prompt: 'x sounds', answer: ' kind' });
    expect(preview.rows[0]?.prompt_tokens).toBeGreaterThan(0);
    expect(preview.rows[0]?.answer_tokens).toBeGreaterThan(1);
    expect(preview.groups).toBe(1);
    expect(preview.problems).toEqual([
      { line: 4, message: expect.stringMatching(/^line 4 is not valid JSON/) as string },
      { line: 5, field: 'tone', message: 'line 5: tone is missing' },
    ]);
  });

  it('counts special tokens as one each', async () => {
    const row = { meaning_representation: 'name[A], food[B]', human_reference: 'C' };
    const counts = async (template: string) => {
      const task = { name: 'e2e', template };
      const response = await send('tasks/preview', { task, lines: [JSON.stringify(row)], model: 'base' });
      return taskPreview.parse(await response.json()).rows[0]?.prompt_tokens;
    };
    expect(await counts('special')).toBe(6);
    expect(await counts('plain')).toBeGreaterThan(6);
  });

  it('is refused for neither and both of a task and a definition', async () => {
    expect(await errorOf(await send('tasks/preview', { lines }))).toMatchObject({
      status: 400,
      param: 'task',
    });
    const both = { task: 'e2e', definition: tone, lines };
    expect(await errorOf(await send('tasks/preview', both))).toMatchObject({ status: 400, param: 'task' });
  });
});
