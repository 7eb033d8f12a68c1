import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { uploadBody } from './upload-body.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prad-upload-'));
});

afterAll(() => rm(folder, { recursive: true }));

it('is a form with the purpose and the file', async () => {
  const path = join(folder, 'rows.jsonl');
  await writeFile(path, '{"prompt":"a","completion":" b"}\n');
  const { body, type } = await uploadBody(path, { purpose: 'fine-tune' });
  const boundary = type.replace('multipart/form-data; boundary=', '');
  const parts = (await new Response(body).text()).split(`--${boundary}`);
  expect(parts).toEqual([
    '',
    '\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n',
    '\r\ncontent-disposition: form-data; name="file"; filename="rows.jsonl"\r\n' +
      'content-type: application/octet-stream\r\n\r\n{"prompt":"a","completion":" b"}\n\r\n',
    '--\r\n',
  ]);
});

it.each([
  ['absent.jsonl', /absent\.jsonl cannot be read: ENOENT/],
  ['.', /cannot be read: it is no file/],
])('refuses %s by name before anything is sent', async (name, message) => {
  await expect(uploadBody(join(folder, name), { purpose: 'fine-tune' })).rejects.toThrow(message);
});
