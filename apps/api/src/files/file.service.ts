import { Injectable } from '@nestjs/common';
import type { MultipartFile, MultipartValue } from '@fastify/multipart';
import { DataFileRepository } from '@prad/database';
import { newId, type DataFile, type FileFormat } from '@prad/domain';
import { AppError } from '@prad/errors';
import { BlobStore } from '@prad/storage';
import { rowReader, type TaskReference } from '@prad/tasks';
import { atField } from '../http/error-response.js';
import { TaskResolver } from '../tasks/task-resolver.js';
import { RowStore, type StoredRows } from './row-store.js';
import { badForm, UploadFields } from './upload-fields.js';

type Part = MultipartFile | MultipartValue;

interface Stored extends StoredRows {
  readonly filename: string;
  readonly format: FileFormat;
  readonly task: TaskReference | null;
}

@Injectable()
export class FileService {
  constructor(
    private readonly files: DataFileRepository,
    private readonly tasks: TaskResolver,
    private readonly rows: RowStore,
    private readonly blobs: BlobStore,
  ) {}

  /**
   * Stores a training file of the project from the parts of a form, checking it line by line on the way. What says how
   * it is read comes before it. Throws invalid, with the line where one is at fault; nothing is kept then.
   */
  async upload(project: string, parts: AsyncIterable<Part>): Promise<DataFile> {
    const id = newId('file');
    const fields = new UploadFields();
    let stored: Stored | undefined;
    try {
      for await (const part of parts) {
        if (part.type === 'field') fields.take(part.fieldname, part.value, stored !== undefined);
        else if (part.fieldname !== 'file') {
          throw badForm(`unknown form file \`${part.fieldname}\``, part.fieldname);
        } else if (stored !== undefined) throw badForm('send one `file`', 'file');
        else stored = await this.store(project, id, part, fields);
      }
      if (stored === undefined) throw badForm('the form has no part `file`', 'file');
      const { blob, ...facts } = stored;
      const { bytes, sha256, key: blobKey } = blob;
      const { purpose } = fields;
      return await this.files.create({ ...facts, id, project, purpose, bytes, sha256, blobKey });
    } catch (error) {
      if (stored !== undefined) await this.blobs.delete(stored.blob.key);
      throw error;
    }
  }

  /** Throws notFound, or conflict while an unfinished job needs the file. */
  async delete(project: string, id: string): Promise<void> {
    const { blobKey } = await this.files.delete(project, id);
    await this.blobs.delete(blobKey);
  }

  private async store(
    project: string,
    id: string,
    part: MultipartFile,
    fields: UploadFields,
  ): Promise<Stored> {
    const { filename } = part;
    const { columns } = fields;
    const format = fields.formatOf(filename);
    const task = fields.task === undefined ? null : await this.tasks.resolve(project, fields.task);
    const read = rowReader(task, 'train');
    try {
      const upload = { id, part, format, columns, read };
      return { ...(await this.rows.store(upload)), filename, format, task };
    } catch (error) {
      const isMapping = error instanceof AppError && error.code === 'column_missing';
      throw atField(error, isMapping ? 'columns' : 'file');
    }
  }
}
