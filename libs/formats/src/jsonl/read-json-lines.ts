import { createReadStream } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TextDecoder } from 'node:util';
import { AppError } from '@prad/errors';
import { openError } from '../byte-source.js';
import { invalid, reasonOf } from '../invalid.js';
import { splitLines } from './split-lines.js';

export interface JsonLine {
  /** Counted from 1, blank lines included, as an editor shows it. */
  readonly line: number;
  /** Counted from 0, blank lines left out. */
  readonly row: number;
  readonly value: unknown;
}

export interface JsonLinesOptions {
  /** Longest line, without its end. Default 4 MiB. */
  readonly maxLineBytes?: number;
  /** Which rows to read; others are counted and left out unread. Default all. */
  readonly wanted?: (row: number) => boolean;
  /** Hears of a line that is not UTF-8 or not JSON, and the reading goes on; without it the first is thrown. */
  readonly onProblem?: (problem: AppError) => void;
}

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** After so long others of the thread get their turn, however much there is to read at once. */
const TURN_MS = 20;

/** Longest row of a data set, in bytes. */
export const LONGEST_ROW = 4 << 20;

/**
 * Rows of a JSONL file or byte stream, one in memory at a time. A byte order mark at the start and carriage returns
 * are accepted, blank lines are skipped.
 * @throws AppError invalid with `details.line` on a line that is too long, not UTF-8 or not JSON, and on an input
 * without rows; notFound for a missing file.
 */
export async function* readJsonLines(
  source: string | AsyncIterable<unknown>,
  { maxLineBytes = LONGEST_ROW, wanted = () => true, onProblem = raise }: JsonLinesOptions = {},
): AsyncGenerator<JsonLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rows = 0;
  let began = performance.now();
  for await (const { line, bytes } of splitLines(chunksOf(source), maxLineBytes)) {
    if (isBlank(bytes)) continue;
    const row = rows++;
    if (!wanted(row)) continue;
    const value = valueOf(decoder, bytes, line);
    if (value instanceof AppError) onProblem(value);
    else yield { line, row, value };
    if (performance.now() - began < TURN_MS) continue;
    await nextTurn();
    began = performance.now();
  }
  if (rows === 0)
    throw invalid('jsonl_empty', 'the file is empty: expected at least one JSON line', { line: 1 });
}

/** The bytes of a file, or of a stream. @throws AppError notFound for a missing file. */
export async function* chunksOf(source: string | AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  const stream = typeof source === 'string' ? createReadStream(source) : source;
  try {
    for await (const chunk of stream) {
      yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
    }
  } catch (cause) {
    throw typeof source === 'string' ? openError(source, cause) : cause;
  }
}

/** What becomes of a problem where nobody asks to hear of it. */
export function raise(problem: AppError): never {
  throw problem;
}

/** White space only, as JSON has it; also a byte order mark alone. */
function isBlank(bytes: Uint8Array): boolean {
  const start = BYTE_ORDER_MARK.every((byte, place) => bytes[place] === byte) ? BYTE_ORDER_MARK.length : 0;
  return bytes.subarray(start).every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

/** The line's value, or what is wrong with it. */
function valueOf(decoder: TextDecoder, bytes: Uint8Array, line: number): unknown {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (cause) {
    return lineError('jsonl_not_utf8', line, 'is not valid UTF-8', cause);
  }
  try {
    return JSON.parse(line === 1 && text.startsWith('\uFEFF') ? text.slice(1) : text);
  } catch (cause) {
    return lineError('jsonl_not_json', line, `is not valid JSON: ${reasonOf(cause)}`, cause);
  }
}

function lineError(code: string, line: number, fault: string, cause: unknown): AppError {
  return new AppError({ kind: 'invalid', code, message: `line ${line} ${fault}`, details: { line }, cause });
}
