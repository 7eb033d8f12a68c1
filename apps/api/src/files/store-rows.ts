import type { MultipartFile } from '@fastify/multipart';
import type { FileFormat } from '@prad/domain';
import { readCsv, readJsonLines, readParquet, type Columns } from '@prad/formats';
import type { Blob, BlobStore } from '@prad/storage';
import type { RowReader } from '@prad/tasks';
import type { ApiSettings } from '../settings.js';
import { ConvertedRows, type Conversion } from './converted-rows.js';
import { InspectedLines } from './inspected-lines.js';
import { tooLarge } from './row-problems.js';

export interface RowUpload {
  readonly id: string;
  readonly part: MultipartFile;
  readonly format: FileFormat;
  readonly columns: Columns | undefined;
  readonly read: RowReader;
}

export interface StoredRows {
  readonly blob: Blob;
  readonly rows: number;
}

/**
 * Stores a file's checked rows as JSON lines while it is being received; JSON lines keep their bytes. Throws invalid with the lines
 * at fault, and nothing is kept then.
 */
export async function storeRows(
  upload: RowUpload,
  blobs: BlobStore,
  settings: ApiSettings,
): Promise<StoredRows> {
  const { id, part, format, columns, read } = upload;
  const { maxUploadBytes: maxBytes } = settings;
  const key = `files/${id}`;
  if (format === 'jsonl' && columns === undefined) {
    const lines = new InspectedLines(part.file, read, () => part.file.truncated, maxBytes);
    const blob = await blobs.put(key, lines);
    return { blob, rows: lines.rows };
  }
  const convert = async (from: Pick<Conversion, 'rows'>): Promise<StoredRows> => {
    const unit = format === 'parquet' ? 'row' : 'line';
    const rows = new ConvertedRows({ ...from, read, columns, unit, isTable: format !== 'jsonl', maxBytes });
    const blob = await blobs.put(key, rows);
    return { blob, rows: rows.rows };
  };
  if (format === 'parquet') return viaBlob(upload, blobs, settings, convert);
  return convert({
    rows: (onProblem) => {
      const source = bytesOf(part, maxBytes);
      if (format === 'jsonl') return readJsonLines(source, { onProblem });
      return readCsv(source, { delimiter: format === 'csv' ? ',' : '\t', onProblem });
    },
  });
}

/** Parquet has its table of contents at its end, so the file is received as a whole first. */
async function viaBlob(
  { id, part, columns }: RowUpload,
  blobs: BlobStore,
  { maxUploadBytes, parquetThread }: ApiSettings,
  convert: (from: Pick<Conversion, 'rows'>) => Promise<StoredRows>,
): Promise<StoredRows> {
  const received = `uploads/${id}`;
  try {
    await blobs.put(received, bytesOf(part, maxUploadBytes));
    const path = await blobs.localPath(received);
    const options = { columns: columns && Object.values(columns), thread: parquetThread };
    return await convert({ rows: () => readParquet(path, options) });
  } finally {
    await blobs.delete(received);
  }
}

/** Throws invalid `file_too_large`. The rest of a refused upload is read and dropped: see `InspectedLines`. */
async function* bytesOf({ file }: MultipartFile, maxBytes: number): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of file.iterator({ destroyOnReturn: false })) yield chunk as Uint8Array;
    if (file.truncated) throw tooLarge(maxBytes);
  } finally {
    file.resume();
  }
}
