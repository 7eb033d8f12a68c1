import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorBody, fileObject, type FileObject } from '@prad/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildWorker } from '../../numerics/support/build-worker.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { MAX_UPLOAD_BYTES, startApi, type ApiHarness } from './api-harness.js';

const reference = join(process.cwd(), 'test/reference/parquet');
const asked = { purpose: 'fine-tune' };

let api: ApiHarness;

beforeAll(async () => {
  const parquetThread = await buildWorker(join(process.cwd(), 'libs/formats/src/parquet/parquet-thread.ts'));
  api = await startApi(await createEmptyDatabase(), undefined, { parquetThread });
});

afterAll(() => api.close());

function send(
  name: string,
  content: string | Buffer,
  fields: Record<string, string> = asked,
): Promise<Response> {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append('file', new Blob([new Uint8Array(Buffer.from(content))]), name);
  return fetch(`${api.url}/v1/files`, { method: 'POST', body: form });
}

async function taken(response: Promise<Response>): Promise<{ file: FileObject; lines: unknown[] }> {
  const file = fileObject.parse(await (await response).json());
  const text = await (await api.openai.files.content(file.id)).text();
  expect(file.bytes).toBe(Buffer.byteLength(text));
  expect(file.prad.sha256).toBe(createHash('sha256').update(text).digest('hex'));
  const lines = text.trimEnd().split('\n');
  expect(file.prad.rows).toBe(lines.length);
  return { file, lines: lines.map((line) => JSON.parse(line) as unknown) };
}

async function refused(response: Promise<Response>) {
  const { status } = await response;
  const { error } = errorBody.parse(await (await response).json());
  expect(status).toBe(400);
  const names = await readdir(api.blobFolder, { recursive: true, withFileTypes: true });
  expect(names.filter((entry) => entry.isFile() && entry.name.startsWith('file-'))).toHaveLength(kept);
  return error;
}

let kept = 0;

describe('a file of another format', () => {
  it.each([
    ['data.CSV', 'prompt,completion\r\n"a ""1"",\nb ->", x\r\n\r\nc ->, y', 'csv'],
    ['data.tsv', '\uFEFFprompt\tcompletion\n"a ""1"",\nb ->"\t x\nc ->\t y\n', 'tsv'],
  ])('is kept as JSON lines: %s', async (name, content, format) => {
    const { file, lines } = await taken(send(name, content));
    kept += 1;
    expect(file).toMatchObject({ filename: name, prad: { format, rows: 2 } });
    expect(lines).toEqual([
      { prompt: 'a "1",\nb ->', completion: ' x' },
      { prompt: 'c ->', completion: ' y' },
    ]);
    expect(await api.openai.files.retrieve(file.id)).toMatchObject({ prad: { format } });
  });

  it('may be Parquet, whose nested columns are conversations', async () => {
    const content = await readFile(join(reference, 'pairs.parquet'));
    const columns = JSON.stringify({ prompt: 'prompt', completion: 'completion' });
    const pairs = await taken(send('pairs.parquet', content, { ...asked, columns }));
    kept += 1;
    expect(pairs.file.prad.format).toBe('parquet');
    expect(pairs.lines).toEqual([
      { prompt: 'a ->', completion: ' x' },
      { prompt: 'b ->', completion: ' y' },
    ]);
  });

  it('has the format that the form names, and fields that the form maps', async () => {
    const columns = JSON.stringify({ prompt: 'question', completion: 'answers.text' });
    const rows =
      '{"id":1,"question":"a","answers":{"text":" b"}}\n{"question":"c","answers":{"text":" d"}}\n';
    const mapped = [
      { prompt: 'a', completion: ' b' },
      { prompt: 'c', completion: ' d' },
    ];
    const { lines, file } = await taken(send('x.jsonl', rows, { ...asked, columns }));
    expect([file.prad.format, lines]).toEqual(['jsonl', mapped]);
    const table = 'id|question|answers.text\n1|a| b\n2|c| d'.replaceAll('|', '\t');
    const named = await taken(send('x.txt', table, { ...asked, columns, format: 'tsv' }));
    expect([named.file.prad.format, named.lines]).toEqual(['tsv', mapped]);
    kept += 2;
    expect(named.file.prad.sha256).toBe(file.prad.sha256);
  });

  it('is refused with the lines of the file that are at fault, and nothing is kept', async () => {
    const content = 'prompt,completion\n"a\nb",x\nonly\n,y\nc,z\nd,"open\n';
    const error = await refused(send('bad.csv', content));
    expect(error).toMatchObject({ param: 'file', code: 'csv_column_count' });
    expect(error.prad?.problems).toEqual([
      { line: 4, message: 'line 4: 1 column, expected 2 as in the header' },
      { line: 5, field: 'prompt', message: 'line 5: prompt must not be empty' },
      { line: 7, message: 'line 7: a quote opens in this row and is never closed' },
    ]);
  });

  it('is refused with the rows of a Parquet file', async () => {
    const columns = JSON.stringify({ prompt: 'prompt', completion: 'translation.en' });
    const content = await readFile(join(reference, 'snappy.parquet'));
    const { prad } = await refused(send('bad.parquet', content, { ...asked, columns }));
    expect(prad?.problems.slice(0, 2)).toEqual([
      { line: 2, field: 'completion', message: 'row 2: completion must be text' },
      { line: 5, field: 'prompt', message: expect.stringMatching(/^row 5: prompt/) as string },
    ]);
    const binary = await refused(send('b.parquet', await readFile(join(reference, 'binary.parquet'))));
    expect(binary.message).toMatch(/row 1: the column "image" holds bytes that are no text/);
    const broken = await refused(send('c.parquet', content.subarray(0, 5_000)));
    expect(broken).toMatchObject({ code: 'parquet_invalid', param: 'file' });
  });

  it.each<[string, string, Record<string, string>, string, RegExp]>([
    ['an unknown format', 'x.csv', { format: 'xlsx' }, 'format', /must be one of jsonl, csv, tsv, parquet/],
    ['columns that are no JSON', 'x.csv', { columns: 'a=b' }, 'columns', /must be JSON/],
    ['no columns', 'x.csv', { columns: '{}' }, 'columns', /1 to 32 fields/],
    [
      'a column that is not there',
      'x.csv',
      { columns: '{"prompt":"q"}' },
      'columns',
      /no column "q"; it has "prompt", "c"/,
    ],
  ])('is refused for %s', async (_, name, fields, param, message) => {
    const error = await refused(send(name, 'prompt,c\na,b\n', { ...asked, ...fields }));
    expect(error.message).toMatch(message);
    expect(error.param).toBe(param);
  });

  it('is refused where it is too large, as it is sent or as JSON lines', async () => {
    const row = 'a,b\n';
    const sent = await refused(send('x.csv', `prompt,completion\n${row}${'\n'.repeat(MAX_UPLOAD_BYTES)}`));
    expect(sent).toMatchObject({
      code: 'file_too_large',
      message: expect.stringMatching(/^the file is/) as string,
    });
    const kept = await refused(send('x.csv', `prompt,completion\n${row.repeat(MAX_UPLOAD_BYTES / 8)}`));
    expect(kept.message).toMatch(/^as JSON lines the rows are larger/);
  });

  it('is read as the form said before the file', async () => {
    const form = new FormData();
    form.append('purpose', 'fine-tune');
    form.append('file', new Blob(['{"prompt":"a","completion":"b"}']), 'x.jsonl');
    form.append('format', 'csv');
    const error = await refused(fetch(`${api.url}/v1/files`, { method: 'POST', body: form }));
    expect(error).toMatchObject({ param: 'format', message: '`format` must come before `file`' });
  });
});
