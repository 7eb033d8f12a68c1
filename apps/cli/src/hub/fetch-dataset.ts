import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readParquet } from '@prad/formats';
import type { HubSettings } from '../env.js';
import { fileNameOf, type DatasetReference } from './dataset-reference.js';
import { downloadFile, type DownloadOptions } from './download-file.js';
import { parquetFiles } from './parquet-files.js';

export interface FetchOptions extends Pick<DownloadOptions, 'waitMs'> {
  /** Columns to take, by name or path; default all. */
  readonly columns?: readonly string[] | undefined;
  /** Most rows; what lies behind them is not downloaded. Default all. */
  readonly limit?: number | undefined;
  /** Hears which of how many files is being downloaded, and its bytes so far. */
  readonly onProgress?: (file: number, files: number, bytes: number) => void;
  /** See `ParquetOptions` of formats. */
  readonly thread?: URL;
}

/**
 * Lends `use` the path of a split's rows as JSON lines, and removes it afterwards. Nothing is lent unless all of it is there.
 * Throws as `parquetFiles`, `downloadFile` and `readParquet` do.
 */
export async function fetchDataset<T>(
  reference: DatasetReference,
  hub: HubSettings,
  options: FetchOptions,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const files = await parquetFiles(reference, hub);
  const folder = await mkdtemp(join(tmpdir(), 'prad-dataset-'));
  try {
    const path = join(folder, fileNameOf(reference));
    await pipeline(linesOf(files, folder, hub, options), createWriteStream(path));
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One file is there at a time. */
async function* linesOf(
  files: readonly URL[],
  folder: string,
  hub: HubSettings,
  { columns, limit = Infinity, onProgress, thread, waitMs }: FetchOptions,
): AsyncGenerator<string> {
  const path = join(folder, 'part.parquet');
  let rows = 0;
  for (const [place, url] of files.entries()) {
    if (rows >= limit) return;
    await downloadFile(url, path, hub, {
      onProgress: (bytes) => onProgress?.(place + 1, files.length, bytes),
      ...(waitMs !== undefined && { waitMs }),
    });
    for await (const { value } of readParquet(path, { columns, thread })) {
      yield `${JSON.stringify(value)}\n`;
      rows += 1;
      if (rows >= limit) break;
    }
  }
}
