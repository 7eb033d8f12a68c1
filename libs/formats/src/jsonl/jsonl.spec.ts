import { writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { AppError } from '@prad/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf, outcome } from '../../testing/outcome.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { readJsonLines, type JsonLine, type JsonLinesOptions } from './read-json-lines.js';

const at = temporaryFolder();

async function lines(
  content: string | Uint8Array,
  options?: JsonLinesOptions,
  piece = 3,
): Promise<JsonLine[]> {
  const bytes = Buffer.from(content);
  const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, i) =>
    bytes.subarray(i * piece, (i + 1) * piece),
  );
  const found: JsonLine[] = [];
  for await (const line of readJsonLines(Readable.from(pieces), options)) found.push(line);
  return found;
}

describe('readJsonLines', () => {
  it('numbers rows through a byte order mark, carriage returns and blank lines', async () => {
    const found = await lines('\uFEFF{"a":"é😀"}\r\n\n  \t\r\n[1]\n"last"');
    expect(found).toEqual([
      { line: 1, row: 0, value: { a: 'é😀' } },
      { line: 4, row: 1, value: [1] },
      { line: 5, row: 2, value: 'last' },
    ]);
  });

  it('reads a file by its path', async () => {
    await writeFile(at('rows.jsonl'), '{"a":1}\n{"a":2}\n');
    const values: unknown[] = [];
    for await (const { value } of readJsonLines(at('rows.jsonl'))) values.push(value);
    expect(values).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await errorOf(() => readJsonLines(at('none')).next())).toMatchObject({ kind: 'notFound' });
  });

  it.each<[string, string | Uint8Array, number, RegExp]>([
    ['broken JSON', '{"a":1}\n{"a":\n', 2, /line 2 is not valid JSON/],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 1, /line 1 is not valid UTF-8/],
    ['UTF-16', Buffer.from('\uFEFF{}', 'utf16le'), 1, /line 1 is not valid UTF-8/],
    ['a long line', `1\n2\n"${'x'.repeat(100)}"`, 3, /line 3 is longer than 50 bytes/],
    ['a long line that never ends', `1\n${'x'.repeat(1000)}`, 2, /line 2 is longer than 50 bytes/],
    ['nothing', '', 1, /the file is empty/],
    ['blank lines only', '\n \n\n', 1, /the file is empty/],
    ['white space only', ' \n\r\n', 1, /the file is empty/],
  ])('refuses %s and names the line', async (_, content, line, message) => {
    const error = await errorOf(() => lines(content, { maxLineBytes: 50 }));
    expect(error).toMatchObject({ kind: 'invalid', details: { line } });
    expect(error.message).toMatch(message);
  });

  it('leaves unread what is not wanted', async () => {
    const found = await lines('[0]\n\n{broken\n[2]\n', { wanted: (row) => row !== 1 });
    expect(found).toEqual([
      { line: 1, row: 0, value: [0] },
      { line: 4, row: 2, value: [2] },
    ]);
  });

  it('goes on after a bad line where somebody hears of it', async () => {
    const problems: unknown[] = [];
    const onProblem = (problem: AppError) => problems.push(problem.message);
    const content = Buffer.concat([Buffer.from('{broken\n[1]\n"'), Buffer.from([0xff]), Buffer.from('"\n')]);
    expect(await lines(content, { onProblem })).toEqual([{ line: 2, row: 1, value: [1] }]);
    expect(problems).toEqual([
      expect.stringMatching(/^line 1 is not valid JSON/),
      expect.stringMatching(/^line 3 is not valid UTF-8/),
    ]);
  });

  it('lets others of the thread have their turn while its reader works on rows that came at once', async () => {
    let turns = 0;
    const others = setInterval(() => (turns += 1), 1);
    const clock = new Int32Array(new SharedArrayBuffer(4));
    for await (const { row } of readJsonLines(Readable.from([Buffer.from('1\n'.repeat(4))])))
      Atomics.wait(clock, 0, 0, 25 + row);
    clearInterval(others);
    expect(turns).toBeGreaterThan(0);
  });

  it('keeps what the source throws', async () => {
    const failing = new Readable({ read: () => failing.destroy(new Error('connection lost')) });
    await expect(readJsonLines(failing).next()).rejects.toThrow('connection lost');
  });

  it('gives back any rows, however they are cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        async (rows, piece) => {
          const found = await lines(rows.map((row) => JSON.stringify(row)).join('\n'), {}, piece);
          expect(found.map(({ value }) => JSON.stringify(value))).toEqual(
            rows.map((row) => JSON.stringify(row)),
          );
        },
      ),
    );
  });

  it('never fails otherwise on random bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
        await outcome(() => lines(bytes));
      }),
      { numRuns: 300 },
    );
  });
});
