import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readParquet, type JsonLine, type ParquetOptions } from '@prad/formats';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { damaged } from '../../libs/formats/testing/damage.js';
import { errorOf, outcome } from '../../libs/formats/testing/outcome.js';
import { temporaryFolder } from '../../libs/formats/testing/temporary-folder.js';
import { buildWorker } from './support/build-worker.js';

const folder = join(import.meta.dirname, '../reference/parquet');
const at = temporaryFolder();
let thread: URL;
let expected: readonly Readonly<Record<string, unknown>>[];

beforeAll(async () => {
  thread = await buildWorker(join(process.cwd(), 'libs/formats/src/parquet/parquet-thread.ts'));
  expected = JSON.parse(await readFile(join(folder, 'rows.json'), 'utf8')) as typeof expected;
});

async function rows(path: string, options: ParquetOptions = {}): Promise<JsonLine[]> {
  const found: JsonLine[] = [];
  for await (const row of readParquet(path, { thread, ...options })) found.push(row);
  return found;
}

describe('readParquet', () => {
  it.each(['snappy', 'gzip-v2', 'zstd', 'lz4', 'brotli', 'plain', 'delta'])(
    'gives the rows that pyarrow wrote: %s',
    async (name) => {
      const found = await rows(join(folder, `${name}.parquet`));
      expect(found.map(({ value }) => value)).toEqual(expected);
      expect(found.map(({ line, row }) => [line, row])).toEqual(expected.map((_, row) => [row + 1, row]));
    },
  );

  it('reads the named columns only, so that one of bytes can be left out', async () => {
    const path = join(folder, 'binary.parquet');
    expect(await rows(path, { columns: ['prompt'] })).toEqual([{ line: 1, row: 0, value: { prompt: 'a' } }]);
    expect(await errorOf(() => rows(path, { columns: ['text'] }))).toMatchObject({ code: 'column_missing' });
    const error = await errorOf(() => rows(path));
    expect(error).toMatchObject({ code: 'parquet_binary', details: { line: 1, field: 'image' } });
  });

  it.each<[string, string, RegExp]>([
    ['a file without rows', 'empty', /expected at least one row/],
    ['millions of rows in few bytes', 'many', /row 1 has 20000000 rows, more than 16777216/],
    ['hundreds of megabytes in few bytes', 'large', /more than 268435456 bytes of data/],
  ])('refuses %s', async (_, name, message) => {
    const error = await errorOf(() => rows(join(folder, `${name}.parquet`)));
    expect(error).toMatchObject({ kind: 'invalid', details: { line: 1 } });
    expect(error.message).toMatch(message);
  });

  it.each([
    ['nothing', ''],
    ['another format', '{"prompt":"a","completion":"b"}\n'],
    ['metadata that is longer than the file', `PAR1${'x'.repeat(20)}\xff\xff\xff\x7fPAR1`],
  ])('refuses %s', async (_, content) => {
    await writeFile(at('other.parquet'), content, 'latin1');
    expect(await errorOf(() => rows(at('other.parquet')))).toMatchObject({ code: 'parquet_invalid' });
  });

  it('does not find a missing file', async () => {
    expect(await errorOf(() => rows(at('none.parquet')))).toMatchObject({ kind: 'notFound' });
  });

  it.each<[string, string, number, RegExp]>([
    [
      'fills its memory',
      'const all = []; for (;;) all.push(new Array(1e6).fill(all.length));',
      600_000,
      /more than \d+ MB of memory: write smaller ones/,
    ],
    ['takes for ever', 'for (;;);', 500, /longer than 500 ms/],
  ])('gives up a file whose decoding %s', async (_, code, patienceMs, why) => {
    const bad = at('bad.mjs');
    await writeFile(
      bad,
      `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { ${code} });`,
    );
    const error = await errorOf(() => rows('any', { thread: pathToFileURL(bad), patienceMs }));
    expect(error).toMatchObject({ kind: 'invalid', code: 'parquet_invalid' });
    expect(error.message).toMatch(why);
  });

  it('ends otherwise for no damaged file', async () => {
    const valid = await readFile(join(folder, 'gzip-v2.parquet'));
    const pairs = await readFile(join(folder, 'pairs.parquet'));
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(damaged(valid), damaged(pairs)), async (bytes) => {
        const path = at(`damaged-${runs++}.parquet`);
        await writeFile(path, bytes);
        await outcome(() => rows(path));
      }),
      { numRuns: 150 },
    );
  }, 300_000);
});
