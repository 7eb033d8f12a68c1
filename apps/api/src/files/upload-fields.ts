import {
  columnMapping,
  fileFormat,
  taskChoice,
  uploadPurpose,
  type ColumnMapping,
  type TaskChoice,
} from '@prad/contracts';
import type { FileFormat } from '@prad/domain';
import { AppError } from '@prad/errors';
import type { z } from 'zod';

/** Fields that say how the file is read, and so come before it. */
const early = ['task', 'format', 'columns'] as const;

/** The fields of an upload's form as they come in. */
export class UploadFields {
  task: TaskChoice | undefined;
  columns: ColumnMapping | undefined;
  private given: unknown;
  private format: FileFormat | undefined;

  /** Throws invalid `invalid_form` naming the field. */
  take(name: string, value: unknown, hasFile: boolean): void {
    if (hasFile && early.some((field) => field === name)) {
      throw badForm(`\`${name}\` must come before \`file\``, name);
    }
    if (name === 'purpose') this.given = checked(uploadPurpose, value, name);
    else if (name === 'task') this.task = chosen(value);
    else if (name === 'format') this.format = checked(fileFormat, value, name);
    else if (name === 'columns') this.columns = checked(columnMapping, jsonOf(value), name);
    else throw badForm(`unknown form field \`${name}\``, name);
  }

  /** Throws invalid where none was given. */
  get purpose() {
    return checked(uploadPurpose, this.given, 'purpose');
  }

  /** What was asked for, else what the name's ending says, else JSON lines. */
  formatOf(filename: string): FileFormat {
    const ending = /\.(csv|tsv|parquet)$/i.exec(filename)?.[1]?.toLowerCase();
    return this.format ?? fileFormat.safeParse(ending).data ?? 'jsonl';
  }
}

export function badForm(message: string, param: string): AppError {
  return new AppError({ kind: 'invalid', code: 'invalid_form', message, details: { param } });
}

function checked<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const { data, error } = schema.safeParse(value);
  if (data !== undefined) return data;
  throw badForm(error?.issues[0]?.message ?? `\`${name}\` is missing`, name);
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

function jsonOf(value: unknown): unknown {
  try {
    return JSON.parse(String(value));
  } catch {
    throw badForm('`columns` must be JSON that maps fields to columns', 'columns');
  }
}
