import { Inject, Injectable } from '@nestjs/common';
import type { MultipartFile, MultipartValue } from '@fastify/multipart';
import { taskChoice, uploadPurpose, type TaskChoice } from '@prad/contracts';
import { DataFileRepository } from '@prad/database';
import { newId, type DataFile } from '@prad/domain';
import { AppError } from '@prad/errors';
import { BlobStore, type Blob } from '@prad/storage';
import { rowReader, type TaskReference } from '@prad/tasks';
import { atField } from '../http/error-response.js';
import { TaskResolver } from '../tasks/task-resolver.js';
import { API_SETTINGS, type ApiSettings } from '../settings.js';
import { InspectedLines } from './inspected-lines.js';

type Part = MultipartFile | MultipartValue;

interface Stored {
  readonly blob: Blob;
  readonly filename: string;
  readonly rows: number;
}

@Injectable()
export class FileService {
  constructor(
    private readonly files: DataFileRepository,
    private readonly tasks: TaskResolver,
    private readonly blobs: BlobStore,
    @Inject(API_SETTINGS) private readonly settings: ApiSettings,
  ) {}

  /**
   * Stores a training file of the project from the parts of a form, in whichever order they come, checking it line by line on the
   * way. Throws invalid, with the line where one is at fault; nothing is kept then.
   */
  async upload(project: string, parts: AsyncIterable<Part>): Promise<DataFile> {
    const id = newId('file');
    let stored: Stored | undefined;
    try {
      let purpose: unknown;
      let task: TaskReference | null = null;
      for await (const part of parts) {
        if (part.type === 'field') {
          if (part.fieldname === 'purpose') purpose = checkedPurpose(part.value);
          else if (part.fieldname !== 'task')
            throw badForm(`unknown form field \`${part.fieldname}\``, part.fieldname);
          else if (stored !== undefined) throw badForm('`task` must come before `file`', 'task');
          else task = await this.tasks.resolve(project, chosen(part.value));
        } else {
          if (part.fieldname !== 'file')
            throw badForm(`unknown form file \`${part.fieldname}\``, part.fieldname);
          if (stored !== undefined) throw badForm('send one `file`', 'file');
          stored = await this.store(id, part, task);
        }
      }
      if (stored === undefined) throw badForm('the form has no part `file`', 'file');
      const { blob, filename, rows } = stored;
      const { bytes, sha256, key: blobKey } = blob;
      return await this.files.create({
        ...{ id, project, filename, purpose: checkedPurpose(purpose), bytes, sha256, rows, blobKey, task },
      });
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

  private async store(id: string, part: MultipartFile, task: TaskReference | null): Promise<Stored> {
    const lines = new InspectedLines(
      part.file,
      rowReader(task, 'train'),
      () => part.file.truncated,
      this.settings.maxUploadBytes,
    );
    try {
      const blob = await this.blobs.put(`files/${id}`, lines);
      return { blob, filename: part.filename, rows: lines.rows };
    } catch (error) {
      throw atField(error, 'file');
    }
  }
}

function checkedPurpose(value: unknown) {
  const checked = uploadPurpose.safeParse(value);
  if (checked.success) return checked.data;
  throw badForm(checked.error.issues[0]?.message ?? '`purpose` is missing', 'purpose');
}

/** A name, or the JSON of a choice. */
function chosen(value: unknown): TaskChoice {
  if (typeof value !== 'string' || value === '') throw badForm('`task` is empty', 'task');
  if (!value.startsWith('{')) return value;
  try {
    return taskChoice.parse(JSON.parse(value));
  } catch {
    throw badForm('`task` must be a name, or JSON with name, template and labels', 'task');
  }
}

function badForm(message: string, param: string): AppError {
  return new AppError({ kind: 'invalid', code: 'invalid_form', message, details: { param } });
}
