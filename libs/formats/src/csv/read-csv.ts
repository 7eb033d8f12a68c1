import { isUtf8 } from 'node:buffer';
import type { AppError } from '@prad/errors';
import { CsvError, parse, type Parser } from 'csv-parse';
import { invalid } from '../invalid.js';
import { chunksOf, LONGEST_ROW, raise, type JsonLine } from '../jsonl/read-json-lines.js';
import { splitLines } from '../jsonl/split-lines.js';
import { BlankLines } from './blank-lines.js';

export interface CsvOptions {
  /** Between columns: `,` of CSV, a tab of TSV. */
  readonly delimiter: ',' | '\t';
  /** Longest row in bytes. Default 4 MiB. */
  readonly maxRowBytes?: number;
  /** Hears of a row with the wrong number of columns, and the reading goes on; without it the first is thrown. */
  readonly onProblem?: (problem: AppError) => void;
}

interface Cells {
  /** The first line of the row, counted from 1, as an editor shows it. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** Bytes that the parser is given at once: what other work of the thread waits for. */
const BLOCK = 16 << 10;

/**
 * Rows of a CSV or TSV file as objects of text by the names in the first row (RFC 4180: quoted cells may hold
 * delimiters, newlines and doubled quotes). A byte order mark and either line end are accepted, blank lines are skipped, and a
 * quote inside a cell that does not begin with one is text.
 * @throws AppError invalid with `details.line` for a file without header or rows, for what is not UTF-8, a row that is too long
 * or a quote that is never closed; notFound for a missing file.
 */
export async function* readCsv(
  source: string | AsyncIterable<unknown>,
  { delimiter, maxRowBytes = LONGEST_ROW, onProblem = raise }: CsvOptions,
): AsyncGenerator<JsonLine> {
  let names: readonly string[] | undefined;
  let row = 0;
  for await (const { line, cells } of parsed(chunksOf(source), delimiter, maxRowBytes)) {
    if (names === undefined) {
      names = headerOf(cells, line);
      continue;
    }
    const place = row++;
    if (cells.length === names.length) {
      const value = Object.fromEntries(names.map((name, column) => [name, cells[column]]));
      yield { line, row: place, value };
    } else onProblem(wrongCount(line, cells.length, names));
  }
  if (row === 0) {
    const missing = names === undefined ? 'a header with the names of the columns' : 'rows below the header';
    throw invalid('csv_empty', `the file is empty: expected ${missing}`, { line: 1 });
  }
}

async function* parsed(
  chunks: AsyncIterable<Uint8Array>,
  delimiter: string,
  longest: number,
): AsyncGenerator<Cells> {
  const found: Cells[] = [];
  const blank = new BlankLines();
  let line = 1;
  const parser = parse({
    ...{ delimiter, bom: true, record_delimiter: ['\r\n', '\n'], skip_empty_lines: true },
    ...{ relax_column_count: true, relax_quotes: true, max_record_size: longest, raw: true },
    on_record: (record: unknown) => {
      const { record: cells, raw } = record as { record: string[]; raw: string };
      // The parser's own count is wrong after \r\n between quotes. Its raw text begins with the blank lines that it skipped.
      const first = blank.after(line);
      line = first + 1 + (raw.trim().match(/\n/g)?.length ?? 0);
      found.push({ line: first, cells });
    },
  });
  parser.resume();
  // Every failure is given to the call that met it.
  parser.on('error', () => undefined);
  try {
    for await (const block of blocksOf(chunks, longest, blank)) {
      const failure = await written(parser, block);
      yield* found.splice(0);
      if (failure) throw unreadable(failure, blank.after(line));
    }
    const failure = await written(parser, undefined);
    yield* found.splice(0);
    if (failure) throw unreadable(failure, blank.after(line));
  } finally {
    parser.destroy();
  }
}

/** Gives the parser a block, or undefined at the end; what it finds wrong. */
function written(parser: Parser, block: Uint8Array | undefined): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const done = (error?: Error | null): void => {
      parser.off('error', done);
      resolve(error ?? undefined);
    };
    parser.once('error', done);
    if (block === undefined) parser.once('end', done).end();
    else parser.write(block, done);
  });
}

/** Whole lines together, each checked to be UTF-8; blank ones are noted. */
async function* blocksOf(
  chunks: AsyncIterable<Uint8Array>,
  longest: number,
  blank: BlankLines,
): AsyncGenerator<Uint8Array> {
  let block: Uint8Array[] = [];
  let bytes = 0;
  for await (const { line, bytes: text } of splitLines(chunks, longest)) {
    if (!isUtf8(text)) {
      yield Buffer.concat(block);
      throw invalid('csv_not_utf8', `line ${line} is not valid UTF-8`, { line });
    }
    if (text.length === 0 || (text.length === 1 && text[0] === RETURN)) blank.note(line);
    block.push(text, NEWLINE);
    bytes += text.length + 1;
    if (bytes >= BLOCK) {
      yield Buffer.concat(block);
      block = [];
      bytes = 0;
    }
  }
  yield Buffer.concat(block);
}

const NEWLINE = Buffer.from('\n');
const RETURN = 0x0d;

function headerOf(cells: readonly string[], line: number): readonly string[] {
  const names = cells.map((cell) => cell.trim());
  const unnamed = names.indexOf('');
  if (unnamed !== -1) {
    throw invalid('csv_header', `line ${line}: column ${unnamed + 1} of the header has no name`, { line });
  }
  const seen = new Set<string>();
  const doubled = names.find((name) => seen.size === seen.add(name).size);
  if (doubled !== undefined) {
    const name = JSON.stringify(doubled.slice(0, 50));
    throw invalid('csv_header', `line ${line}: the header names the column ${name} twice`, { line });
  }
  return names;
}

function wrongCount(line: number, got: number, names: readonly string[]): AppError {
  const expected = `${names.length} as in the header`;
  const has = got === 1 ? '1 column' : `${got} columns`;
  return invalid('csv_column_count', `line ${line}: ${has}, expected ${expected}`, { line });
}

function unreadable(failure: Error, line: number): AppError {
  const code = failure instanceof CsvError ? failure.code : undefined;
  if (code === 'CSV_QUOTE_NOT_CLOSED') {
    return invalid('csv_open_quote', `line ${line}: a quote opens in this row and is never closed`, { line });
  }
  if (code === 'CSV_MAX_RECORD_SIZE') {
    return invalid(
      'csv_row_too_long',
      `line ${line}: the row that begins here is too long, or its quote never closes`,
      {
        line,
      },
    );
  }
  return invalid('csv_invalid', `line ${line}: ${failure.message}`, { line });
}
