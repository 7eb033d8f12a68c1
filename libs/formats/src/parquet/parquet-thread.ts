import { parentPort, workerData } from 'node:worker_threads';
import { AppError } from '@prad/errors';
import { openFile } from '../byte-source.js';
import { parquetRows, type ParquetRow } from './parquet-rows.js';

/** What the thread is started with. */
export interface ParquetThreadData {
  readonly path: string;
  readonly columns: readonly string[] | undefined;
}

/** The thread's answer to each message that asks for more. */
export type ParquetThreadAnswer =
  | { readonly type: 'rows'; readonly rows: readonly ParquetRow[] }
  | { readonly type: 'end' }
  | {
      readonly type: 'error';
      readonly error: Pick<AppError, 'kind' | 'code' | 'message' | 'details'>;
    };

/** Rows that are sent at once. */
const BATCH = 256;

async function* answers({ path, columns }: ParquetThreadData): AsyncGenerator<ParquetThreadAnswer, void> {
  try {
    const source = await openFile(path);
    try {
      for await (const group of parquetRows(source, columns)) {
        for (let start = 0; start < group.length; start += BATCH) {
          yield { type: 'rows', rows: group.slice(start, start + BATCH) };
        }
      }
    } finally {
      await source.close();
    }
    yield { type: 'end' };
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    const { kind, code, message, details } = cause;
    yield { type: 'error', error: { kind, code, message, details } };
  }
}

const answering = answers(workerData as ParquetThreadData);
parentPort?.on('message', () => {
  void answering.next().then(({ value }) => parentPort?.postMessage(value));
});
