import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_LINE_PROBLEMS, errorBody } from '@prad/contracts';
import { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addBaseModel } from '../support/rows.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { MAX_UPLOAD_BYTES, startApi, type ApiHarness } from './api-harness.js';

const rows =
  '{"prompt":"a","completion":" b"}\n{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}\n';

let api: ApiHarness;

beforeAll(async () => {
  api = await startApi(await createEmptyDatabase());
});

afterAll(() => api.close());

function upload(content: string | Uint8Array, filename = 'train.jsonl') {
  return toFile(Buffer.from(content), filename).then((file) =>
    api.openai.files.create({ file, purpose: 'fine-tune' }),
  );
}

async function blobs(): Promise<string[]> {
  const names = await readdir(join(api.blobFolder), { recursive: true, withFileTypes: true });
  return names.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

describe('files', () => {
  it('uploads, describes, lists, returns and deletes a file', async () => {
    const file = await upload(rows);
    expect(file).toMatchObject({
      object: 'file',
      filename: 'train.jsonl',
      bytes: rows.length,
      purpose: 'fine-tune',
      status: 'processed',
      prad: { rows: 2 },
    });
    expect(await api.openai.files.retrieve(file.id)).toEqual(file);
    const listed = await api.openai.files.list({ purpose: 'fine-tune' });
    expect(listed.data.map(({ id }) => id)).toContain(file.id);
    expect(await (await api.openai.files.content(file.id)).text()).toBe(rows);
    expect(await api.openai.files.delete(file.id)).toEqual({ id: file.id, object: 'file', deleted: true });
    await expect(api.openai.files.retrieve(file.id)).rejects.toMatchObject({
      status: 404,
      code: 'file_not_found',
    });
    expect(await blobs()).not.toContain(file.id);
  });

  it('takes the form’s parts in either order', async () => {
    const form = new FormData();
    form.append('purpose', 'fine-tune');
    form.append('file', new Blob([rows]), 'x.jsonl');
    const response = await fetch(`${api.url}/v1/files`, { method: 'POST', body: form });
    expect(response.status).toBe(200);
  });

  it('pages through the list', async () => {
    const ids = [];
    for (let i = 0; i < 5; i += 1) ids.unshift((await upload(rows)).id);
    const found: string[] = [];
    for await (const file of api.openai.files.list({ limit: 2 })) found.push(file.id);
    expect(found.slice(0, 5)).toEqual(ids);
    expect(new Set(found).size).toBe(found.length);
  });

  it.each<[string, string, string, RegExp]>([
    [
      'broken JSON',
      '{"prompt":"a","completion":"b"}\n{"prompt":\n',
      'jsonl_not_json',
      /line 2 is not valid JSON/,
    ],
    ['a row without a completion', '{"prompt":"a"}\n', 'training_example', /line 1: .*completion is missing/],
    ['an empty file', '', 'jsonl_empty', /file is empty/],
    [
      'a file that is too large',
      `${rows}${'\n'.repeat(MAX_UPLOAD_BYTES)}`,
      'file_too_large',
      /at most 100000 bytes/,
    ],
    [
      'a broken line in the middle',
      `${rows.repeat(300)}nonsense\n${rows.repeat(300)}`,
      'jsonl_not_json',
      /line 601/,
    ],
  ])('refuses %s and keeps nothing', async (_, content, code, message) => {
    const before = await blobs();
    const failure = await upload(content).catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 400, type: 'invalid_request_error', param: 'file' });
    expect(failure).toHaveProperty('message', expect.stringMatching(message));
    if (code !== 'training_example') expect(failure).toHaveProperty('code', code);
    expect(await blobs()).toEqual(before);
  });

  it.each([
    ['few', 3, 3],
    ['many', 50, MAX_LINE_PROBLEMS],
  ])('lists the problems of a file with %s bad lines', async (_, bad, listed) => {
    const good = '{"prompt":"a","completion":" b"}';
    const content = Array.from({ length: bad }, (_, i) => `${good}\n${i % 2 === 0 ? '{"prompt":1}' : 'no'}`);
    const form = new FormData();
    form.append('purpose', 'fine-tune');
    form.append('file', new Blob([content.join('\n')]), 'x.jsonl');
    const before = await blobs();
    const response = await fetch(`${api.url}/v1/files`, { method: 'POST', body: form });
    expect(response.status).toBe(400);
    const { error } = errorBody.parse(await response.json());
    expect(error).toMatchObject({ param: 'file', code: 'training_example' });
    const problems = error.prad?.problems ?? [];
    expect(problems).toHaveLength(listed);
    expect(problems.map(({ line }) => line)).toEqual(Array.from({ length: listed }, (_, i) => 2 * i + 2));
    expect(problems[0]?.message).toBe(error.message);
    expect(problems[1]?.message).toMatch(/^line 4 is not valid JSON/);
    expect(await blobs()).toEqual(before);
  });

  it.each<[string, (form: FormData) => void, RegExp]>([
    [
      'a purpose that is not known',
      (form) => {
        form.append('purpose', 'batch');
      },
      /`purpose` must be one of fine-tune/,
    ],
    ['no purpose', () => undefined, /`purpose` must be one of fine-tune/],
    [
      'a field that is not known',
      (form) => {
        form.append('expires', '1');
      },
      /unknown form field `expires`/,
    ],
  ])('refuses a form with %s and keeps nothing', async (_, change, message) => {
    const before = await blobs();
    const form = new FormData();
    form.append('file', new Blob([rows]), 'x.jsonl');
    change(form);
    const response = await fetch(`${api.url}/v1/files`, { method: 'POST', body: form });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringMatching(message) as string },
    });
    expect(await blobs()).toEqual(before);
  });

  it('refuses a form without a file, and what is no form', async () => {
    const form = new FormData();
    form.append('purpose', 'fine-tune');
    const empty = await fetch(`${api.url}/v1/files`, { method: 'POST', body: form });
    expect(await empty.json()).toMatchObject({ error: { param: 'file', code: 'invalid_form' } });
    const plain = await fetch(`${api.url}/v1/files`, { method: 'POST', body: 'rows' });
    expect(plain.status).toBe(400);
  });

  it('does not delete a file that a waiting job needs', async () => {
    await addBaseModel(api.database, 'files-base');
    await api.stopWorker();
    const file = await upload(rows);
    const job = await api.openai.fineTuning.jobs.create({ model: 'files-base', training_file: file.id });
    await expect(api.openai.files.delete(file.id)).rejects.toMatchObject({
      status: 409,
      code: 'file_in_use',
    });
    await api.openai.fineTuning.jobs.cancel(job.id);
    expect(await api.openai.files.delete(file.id)).toMatchObject({ deleted: true });
    await api.startWorker();
  });
});
