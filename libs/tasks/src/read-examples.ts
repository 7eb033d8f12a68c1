import { AppError } from '@prad/errors';
import { isJsonObject, type TrainingExample } from '@prad/formats';
import { chat } from './formats/chat.js';
import { generic } from './formats/generic.js';
import { taskOf, type TaskReference } from './reference.js';
import type { Purpose } from './task.js';

/** Reads one row of a file. @throws AppError invalid `training_example` with `details.line` and `details.field`. */
export type RowReader = (value: unknown, line: number) => TrainingExample;

/**
 * How rows of a task's files are read; `null` takes rows with prompt and completion and rows with messages.
 * @throws AppError as `taskOf`.
 */
export function rowReader(reference: TaskReference | null, purpose: Purpose): RowReader {
  const task = reference && taskOf(reference);
  const { template = 'plain', labels } = reference ?? {};
  const reading = { template, purpose, labels: labels ?? undefined };
  return (value, line) => {
    if (!isJsonObject(value)) throw atLine(line, new AppError(notAnObject));
    const of = task ?? ('messages' in value || 'conversations' in value ? chat : generic);
    try {
      return of.read(value, reading);
    } catch (error) {
      throw error instanceof AppError ? atLine(line, error) : error;
    }
  };
}

const notAnObject = {
  kind: 'invalid',
  code: 'training_example',
  message: 'must be an object with the fields of its task, such as prompt and completion, or messages',
} as const;

function atLine(line: number, { kind, code, message, details }: AppError): AppError {
  return new AppError({ kind, code, message: `line ${line}: ${message}`, details: { ...details, line } });
}
