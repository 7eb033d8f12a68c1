import { Readable } from 'node:stream';
import type { AppError } from '@prad/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { damaged } from '../../testing/damage.js';
import { errorOf, outcome } from '../../testing/outcome.js';
import type { JsonLine } from '../jsonl/read-json-lines.js';
import { readCsv, type CsvOptions } from './read-csv.js';

function inPieces(content: string | Uint8Array, piece: number): Readable {
  const bytes = Buffer.from(content);
  const count = Math.ceil(bytes.length / piece);
  return Readable.from(Array.from({ length: count }, (_, i) => bytes.subarray(i * piece, (i + 1) * piece)));
}

async function rows(
  content: string | Uint8Array,
  options: Partial<CsvOptions> = {},
  piece = 3,
): Promise<JsonLine[]> {
  const found: JsonLine[] = [];
  for await (const row of readCsv(inPieces(content, piece), { delimiter: ',', ...options })) found.push(row);
  return found;
}

describe('readCsv', () => {
  it('numbers rows by their first line, through a byte order mark, blank lines and quoted line ends', async () => {
    const text = '\uFEFFprompt, label\r\n"a, ""b""\r\nc\n",é😀\r\n\r\n\nplain,"x"\r\n"",\n2,last';
    expect(await rows(text)).toEqual([
      { line: 2, row: 0, value: { prompt: 'a, "b"\r\nc\n', label: 'é😀' } },
      { line: 7, row: 1, value: { prompt: 'plain', label: 'x' } },
      { line: 8, row: 2, value: { prompt: '', label: '' } },
      { line: 9, row: 3, value: { prompt: '2', label: 'last' } },
    ]);
  });

  it('reads tabs, and a quote inside a cell as text', async () => {
    const found = await rows('text\tlabel\nhe said "no", twice\t0\n"quoted\tcell"\t1\n"so" she said\t1', {
      delimiter: '\t',
    });
    expect(found.map(({ value }) => value)).toEqual([
      { text: 'he said "no", twice', label: '0' },
      { text: 'quoted\tcell', label: '1' },
      { text: '"so" she said', label: '1' },
    ]);
  });

  it('counts blank lines inside quotes as such, and takes rows of empty cells', async () => {
    const found = await rows('a\tb\n\n\n"\n\n x\n"\t1\n\n\t\n\r\n\n2\t3\n', { delimiter: '\t' });
    expect(found.map(({ line, value }) => [line, value])).toEqual([
      [4, { a: '\n\n x\n', b: '1' }],
      [9, { a: '', b: '' }],
      [12, { a: '2', b: '3' }],
    ]);
  });

  it('goes on after a row with the wrong number of columns where somebody hears of it', async () => {
    const problems: AppError[] = [];
    const onProblem = (problem: AppError) => problems.push(problem);
    const found = await rows('a,b\n1\n"x\ny",2\n1,2,3\n3,4\n', { onProblem });
    expect(found.map(({ line }) => line)).toEqual([3, 6]);
    expect(problems.map(({ message, details }) => [message, details['line']])).toEqual([
      ['line 2: 1 column, expected 2 as in the header', 2],
      ['line 5: 3 columns, expected 2 as in the header', 5],
    ]);
  });

  it.each<[string, string | Uint8Array, number, RegExp]>([
    ['nothing', '', 1, /expected a header/],
    ['blank lines', '\n\r\n', 1, /expected a header/],
    ['a header alone', 'a,b\n', 1, /expected rows below the header/],
    ['a column without a name', '\na,,c\n1,2,3', 2, /column 2 of the header has no name/],
    ['a name twice', 'a,b, a\n1,2,3', 1, /names the column "a" twice/],
    ['a row with too few columns', 'a,b\n1,2\n3', 3, /line 3: 1 column/],
    ['an open quote', 'a,b\n1,2\n\n3,"x\n4,5\n', 4, /line 4: a quote opens in this row and is never closed/],
    ['a long row', `a,b\n"${'x\n'.repeat(40)}",1`, 2, /line 2: the row that begins here is too long/],
    ['a long line', `a,b\n1,2\n${'x'.repeat(100)}`, 3, /line 3 is longer than 60 bytes/],
    ['invalid UTF-8', Buffer.from([0x61, 0x0a, 0x62, 0x0a, 0xff, 0x0a]), 3, /line 3 is not valid UTF-8/],
    ['UTF-16', Buffer.from('\uFEFFa,b\n1,2', 'utf16le'), 1, /line 1 is not valid UTF-8/],
  ])('refuses %s and names the line', async (_, content, line, message) => {
    const error = await errorOf(() => rows(content, { maxRowBytes: 60 }));
    expect(error).toMatchObject({ kind: 'invalid', details: { line } });
    expect(error.message).toMatch(message);
  });

  it('gives the rows before a fault', async () => {
    const lines: number[] = [];
    const reading = async () => {
      for await (const { line } of readCsv(inPieces('a\n1\n2\n"3\n', 99), { delimiter: ',' }))
        lines.push(line);
    };
    expect(await errorOf(reading)).toMatchObject({ details: { line: 4 } });
    expect(lines).toEqual([2, 3]);
  });

  it('keeps what the source throws', async () => {
    const failing = new Readable({ read: () => failing.destroy(new Error('connection lost')) });
    await expect(readCsv(failing, { delimiter: ',' }).next()).rejects.toThrow('connection lost');
  });

  it('gives back any cells, however they are cut into pieces', async () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 }),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 9 }),
        async (table, end, piece) => {
          const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
          const text = ['x,y', ...table.map((cells) => cells.map(quoted).join(','))].join(end);
          const found = await rows(text, {}, piece);
          expect(found.map(({ value }) => value)).toEqual(table.map(([x, y]) => ({ x, y })));
        },
      ),
    );
  });

  it('never fails otherwise on damaged files', async () => {
    const valid = Buffer.from('a,b\r\n"x ""q"" é\n",2\r\n3,"4"\r\n');
    await fc.assert(
      fc.asyncProperty(damaged(valid), async (bytes) => {
        await outcome(() => rows(bytes, { maxRowBytes: 60 }));
      }),
      { numRuns: 300 },
    );
  });
});
