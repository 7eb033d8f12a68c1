import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filePreview } from '@prad/contracts';
import { ChatTemplate, Tokenizer, encodeExample, type JsonObject } from '@prad/formats';
import { LocalBlobStore } from '@prad/storage';
import { rowReader } from '@prad/tasks';
import { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addBaseModel, modelContent } from '../support/rows.js';
import { createEmptyDatabase } from '../support/test-database.js';
import { startApi, type ApiHarness } from './api-harness.js';

const tiny = join(process.cwd(), 'bundled/prad-tiny');
const examples = Array.from({ length: 2_100 }, (_, i) => {
  return { prompt: `${'hat '.repeat(i % 3)}${i} ->`, completion: i === 2_099 ? ' a longer answer' : ' ok' };
});

let api: ApiHarness;

beforeAll(async () => {
  api = await startApi(await createEmptyDatabase());
  await addBaseModel(api.database, 'read-base');
  const blobs = new LocalBlobStore(api.blobFolder);
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    await blobs.put(`${modelContent.blobKey}/${name}`, await readFile(join(tiny, name)));
  }
});

afterAll(() => api.close());

async function upload(lines: readonly string[]): Promise<string> {
  const file = await toFile(Buffer.from(lines.join('\n')), 'train.jsonl');
  return (await api.openai.files.create({ file, purpose: 'fine-tune' })).id;
}

function get(id: string, query: string): Promise<Response> {
  return fetch(`${api.url}/v1/files/${id}/preview?${query}`);
}

async function preview(id: string, query: string) {
  return filePreview.parse(await (await get(id, query)).json());
}

async function lengthsOf(rows: readonly unknown[]): Promise<number[]> {
  const json = async (name: string) => JSON.parse(await readFile(join(tiny, name), 'utf8')) as JsonObject;
  const config = await json('tokenizer_config.json');
  const tokenizer = Tokenizer.fromJson(await json('tokenizer.json'), config);
  const codec = { tokenizer, chatTemplate: ChatTemplate.fromConfig(config) };
  const read = rowReader(null, 'train');
  return rows.map((row) => encodeExample(codec, read(row, 1)).tokens.length);
}

describe('a preview', () => {
  it('shows the first rows with their lines, blank lines left out', async () => {
    const id = await upload(['', ...examples.slice(0, 30).map((row) => JSON.stringify(row))]);
    const shown = await preview(id, 'rows=2');
    expect(shown).toEqual({
      ...{ object: 'file.preview', file: id, total_rows: 30, token_lengths: null },
      rows: [
        { line: 2, value: examples[0] },
        { line: 3, value: examples[1] },
      ],
    });
    expect((await preview(id, '')).rows).toHaveLength(20);
    expect((await preview(id, 'rows=0')).rows).toEqual([]);
  });

  it('counts all rows of a small file by the model’s tokenizer', async () => {
    const rows = examples.slice(0, 30);
    const id = await upload(rows.map((row) => JSON.stringify(row)));
    const { token_lengths: found } = await preview(id, 'model=read-base&rows=1');
    const lengths = (await lengthsOf(rows)).toSorted((a, b) => a - b);
    expect(found).toMatchObject({
      ...{ model: 'read-base', sampled_rows: 30 },
      total: { min: lengths[0], max: lengths.at(-1), median: ((lengths[14] ?? 0) + (lengths[15] ?? 0)) / 2 },
    });
    expect(found?.total.bins.reduce((sum, { count }) => sum + count, 0)).toBe(30);
  });

  it('counts an even sample of a larger file, to its end', async () => {
    const id = await upload(examples.map((row) => JSON.stringify(row)));
    const { token_lengths: found, rows } = await preview(id, 'model=read-base');
    expect(rows).toHaveLength(20);
    expect(found?.sampled_rows).toBe(2_000);
    const [longest] = await lengthsOf([{ ...examples[2_099] }]);
    expect(found?.total.max).toBeGreaterThanOrEqual(longest ?? Infinity);
    expect(found?.completion.max).toBeGreaterThan(found?.completion.min ?? Infinity);
  });

  it.each([
    ['rows=101', 400, 'rows'],
    ['model=nope', 404, 'model'],
    ['first=3', 400, 'first'],
  ])('is refused for %s', async (query, status, param) => {
    const response = await get(await upload(['{"prompt":"a","completion":"b"}']), query);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { param } });
  });

  it('is not found for a file that is not there', async () => {
    expect((await get('file-none', '')).status).toBe(404);
  });
});
