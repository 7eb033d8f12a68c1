import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { AppError } from '@prad/errors';
import { invalid, reasonOf, systemCode } from '../invalid.js';
import type { JsonLine } from '../jsonl/read-json-lines.js';
import type { ParquetThreadAnswer, ParquetThreadData } from './parquet-thread.js';

export interface ParquetOptions {
  /** Columns to read, by name or by a path into nested ones. Default all. */
  readonly columns?: readonly string[] | undefined;
  /** The compiled `parquet-thread`. Default the one beside this module. */
  readonly thread?: URL | undefined;
  /** Most time that the thread may take for the next rows. Default 2 minutes. */
  readonly patienceMs?: number;
}

const MEBIBYTE = 1 << 20;
/** What a row group of the largest allowed size takes as values, with room. */
const MOST_HEAP = 1536;
const PATIENCE_MS = 120_000;

/**
 * Rows of a Parquet file as JSON values; `line` is the row's number, counted from 1. The file is decoded in a thread of its own with
 * a bound on its memory, because a few bytes of a Parquet file can stand for any number of values, and other work goes on meanwhile.
 * @throws AppError invalid for a file that is not sound or that decodes to too much; notFound for a missing one.
 */
export async function* readParquet(
  path: string,
  { columns, thread = beside(), patienceMs = PATIENCE_MS }: ParquetOptions = {},
): AsyncGenerator<JsonLine> {
  const workerData: ParquetThreadData = { path, columns };
  const worker = new Worker(thread, {
    workerData,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes() },
  });
  let row = 0;
  try {
    for (;;) {
      const answer = await nextOf(worker, patienceMs);
      if (answer.type === 'end') break;
      if (answer.type === 'error') throw new AppError(answer.error);
      for (const value of answer.rows) {
        yield { line: row + 1, row, value };
        row += 1;
      }
    }
  } finally {
    await worker.terminate();
  }
  if (row === 0) throw invalid('parquet_empty', 'the file is empty: expected at least one row', { line: 1 });
}

async function nextOf(worker: Worker, patienceMs: number): Promise<ParquetThreadAnswer> {
  const patience = AbortSignal.timeout(patienceMs);
  worker.postMessage('next');
  try {
    const [answer] = (await once(worker, 'message', { signal: patience })) as [ParquetThreadAnswer];
    return answer;
  } catch (cause) {
    const isFull = systemCode(cause) === 'ERR_WORKER_OUT_OF_MEMORY';
    const full = `a row group takes more than ${heapMegabytes()} MB of memory: write smaller ones, or choose columns`;
    const late = patience.aborted ? `decoding takes longer than ${patienceMs} ms` : undefined;
    const why = isFull ? full : (late ?? reasonOf(cause));
    throw new AppError({
      kind: 'invalid',
      code: 'parquet_invalid',
      message: `this is not a Parquet file that can be read: ${why}`,
      details: { line: 1 },
      cause,
    });
  }
}

/** At most half of what a container may use, for the process itself lives there too. */
function heapMegabytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(MOST_HEAP, Math.floor(limit / 2 / MEBIBYTE)) : MOST_HEAP;
}

function beside(): URL {
  return new URL('./parquet-thread.js', import.meta.url);
}
