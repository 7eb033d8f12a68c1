import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { AppError } from '@prad/errors';
import { openError } from '../byte-source.js';
import { invalid, reasonOf } from '../invalid.js';

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

const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const DEFAULT_LIMIT = 4 << 20;

interface RawLine {
  readonly line: number;
  readonly bytes: Uint8Array;
}

/**
 * Rows of a JSONL file or byte stream, one in memory at a time. A byte order mark at the start and carriage returns
 * are accepted, blank lines are skipped.
 * @throws AppError invalid with `details.line` on a line that is too long, not UTF-8 or not JSON, and on an input
 * without rows; notFound for a missing file.
 */
export async function* readJsonLines(
  source: string | Readable,
  { maxLineBytes = DEFAULT_LIMIT, wanted = () => true, onProblem = raise }: JsonLinesOptions = {},
): AsyncGenerator<JsonLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rows = 0;
  for await (const { line, bytes } of splitLines(chunksOf(source), maxLineBytes)) {
    if (isBlank(bytes)) continue;
    const row = rows++;
    if (!wanted(row)) continue;
    const value = valueOf(decoder, bytes, line);
    if (value instanceof AppError) onProblem(value);
    else yield { line, row, value };
  }
  if (rows === 0)
    throw invalid('jsonl_empty', 'the file is empty: expected at least one JSON line', { line: 1 });
}

async function* chunksOf(source: string | Readable): AsyncGenerator<Uint8Array> {
  const stream = typeof source === 'string' ? createReadStream(source) : source;
  try {
    for await (const chunk of stream) {
      yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
    }
  } catch (cause) {
    throw typeof source === 'string' ? openError(source, cause) : cause;
  }
}

async function* splitLines(chunks: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<RawLine> {
  let line = 1;
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  const take = (part: Uint8Array): void => {
    pendingBytes += part.length;
    if (pendingBytes > limit) {
      throw invalid('jsonl_line_too_long', `line ${line} is longer than ${limit} bytes`, { line, limit });
    }
    if (part.length > 0) pending.push(part);
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      take(chunk.subarray(start, end));
      yield { line, bytes: Buffer.concat(pending) };
      line++;
      pending = [];
      pendingBytes = 0;
      start = end + 1;
    }
    take(chunk.subarray(start));
  }
  if (pendingBytes > 0) yield { line, bytes: Buffer.concat(pending) };
}

function raise(problem: AppError): never {
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
