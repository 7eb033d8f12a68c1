import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { AppError } from '@prad/errors';
import { openError } from '../byte-source.js';
import { invalid, reasonOf } from '../invalid.js';

export interface JsonLine {
  /** Counted from 1, blank lines included, as an editor shows it. */
  readonly line: number;
  readonly value: unknown;
}

export interface JsonLinesOptions {
  /** Longest line, without its end. Default 4 MiB. */
  readonly maxLineBytes?: number;
}

const NEWLINE = 0x0a;
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
  { maxLineBytes = DEFAULT_LIMIT }: JsonLinesOptions = {},
): AsyncGenerator<JsonLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rows = 0;
  for await (const { line, bytes } of splitLines(chunksOf(source), maxLineBytes)) {
    const text = decode(decoder, bytes, line);
    const json = line === 1 && text.startsWith('\uFEFF') ? text.slice(1) : text;
    if (json.trim() === '') continue;
    rows++;
    yield { line, value: parse(json, line) };
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

function decode(decoder: TextDecoder, bytes: Uint8Array, line: number): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw lineError('jsonl_not_utf8', line, 'is not valid UTF-8', cause);
  }
}

function parse(text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw lineError('jsonl_not_json', line, `is not valid JSON: ${reasonOf(cause)}`, cause);
  }
}

function lineError(code: string, line: number, fault: string, cause: unknown): AppError {
  return new AppError({ kind: 'invalid', code, message: `line ${line} ${fault}`, details: { line }, cause });
}
