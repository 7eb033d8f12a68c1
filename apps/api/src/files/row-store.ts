import { Inject, Injectable } from '@nestjs/common';
import type { MultipartFile } from '@fastify/multipart';
import type { FileFormat } from '@prad/domain';
import { readCsv, readJsonLines, readParquet, type Columns } from '@prad/formats';
import { BlobStore, type Blob } from '@prad/storage';
import type { RowReader } from '@prad/tasks';
import { API_SETTINGS, type ApiSettings } from '../settings.js';
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

@Injectable()
export class RowStore {
  /** Parquet files are decoded one after the other, because each takes the memory of a row group. */
  private lastTurn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly blobs: BlobStore,
    @Inject(API_SETTINGS) private readonly settings: ApiSettings,
  ) {}

  /**
   * Stores a file's checked rows as JSON lines while it is being received; JSON lines keep their bytes. Throws invalid
   * with the lines at fault, and nothing is kept then.
   */
  async store(upload: RowUpload): Promise<StoredRows> {
    const { id, part, format, columns, read } = upload;
    if (format === 'parquet') return this.storeParquet(upload);
    const { maxUploadBytes } = this.settings;
    if (format === 'jsonl' && columns === undefined) {
      const lines = new InspectedLines(part.file, read, () => part.file.truncated, maxUploadBytes);
      const blob = await this.blobs.put(`files/${id}`, lines);
      return { blob, rows: lines.rows };
    }
    return this.convert(upload, (onProblem) => {
      const source = bytesOf(part, maxUploadBytes);
      if (format === 'jsonl') return readJsonLines(source, { onProblem });
      return readCsv(source, { delimiter: format === 'csv' ? ',' : '\t', onProblem });
    });
  }

  /** Parquet has its table of contents at its end, so the file is received as a whole first. */
  private async storeParquet(upload: RowUpload): Promise<StoredRows> {
    const { id, part, columns } = upload;
    const received = `uploads/${id}`;
    try {
      await this.blobs.put(received, bytesOf(part, this.settings.maxUploadBytes));
      const path = await this.blobs.localPath(received);
      const options = { columns: columns && Object.values(columns), thread: this.settings.parquetThread };
      const turn = this.lastTurn.then(() => this.convert(upload, () => readParquet(path, options)));
      this.lastTurn = turn.catch(() => undefined);
      return await turn;
    } finally {
      await this.blobs.delete(received);
    }
  }

  private async convert(
    { id, format, columns, read }: RowUpload,
    rows: Conversion['rows'],
  ): Promise<StoredRows> {
    const converted = new ConvertedRows({
      ...{ rows, read, columns, maxBytes: this.settings.maxUploadBytes },
      ...{ unit: format === 'parquet' ? 'row' : 'line', isTable: format !== 'jsonl' },
    });
    const blob = await this.blobs.put(`files/${id}`, converted);
    return { blob, rows: converted.rows };
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
