import { invalid } from '../invalid.js';

const NEWLINE = 0x0a;

export interface RawLine {
  /** Counted from 1. */
  readonly line: number;
  /** Without its newline. */
  readonly bytes: Uint8Array;
}

/**
 * A byte stream's lines, one in memory at a time.
 * @throws AppError invalid `line_too_long` with `details.line`.
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<RawLine> {
  let line = 1;
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  const take = (part: Uint8Array): void => {
    pendingBytes += part.length;
    if (pendingBytes > limit) {
      throw invalid('line_too_long', `line ${line} is longer than ${limit} bytes`, { line, limit });
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
