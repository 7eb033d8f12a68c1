import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { FilePreviewObject, FilePreviewQuery } from '@prad/contracts';
import { BaseModelRepository, DataFileRepository } from '@prad/database';
import type { DataFile, ReadyBaseModel } from '@prad/domain';
import { AppError } from '@prad/errors';
import { readJsonLines } from '@prad/formats';
import { BlobStore } from '@prad/storage';
import { rowReader, type RowReader, type TaskReference } from '@prad/tasks';
import { atField } from '../http/error-response.js';
import { TextCodecs } from '../models/text-codecs.js';
import { ExampleCounter } from '../tasks/example-counter.js';
import { referenceOf } from '../tasks/task.view.js';
import { distributionOf } from './token-lengths.js';

/** Examples whose lengths are counted: all of a file up to this many, an even sample of a larger one. */
const SAMPLE = 2_000;

type PreviewRow = FilePreviewObject['rows'][number];

/** Tokens of an example, the end token counted. */
export interface ExampleLength {
  readonly prompt: number;
  readonly total: number;
}

@Injectable()
export class FilePreviewService {
  constructor(
    private readonly files: DataFileRepository,
    private readonly baseModels: BaseModelRepository,
    private readonly codecs: TextCodecs,
    private readonly blobs: BlobStore,
  ) {}

  /**
   * The first rows of the project's training file and, with a model, how long its examples are in tokens. Throws
   * notFound, invalid for a file of another purpose or a model that cannot take its rows, cancelled when the signal is
   * aborted.
   */
  async preview(
    project: string,
    id: string,
    query: FilePreviewQuery,
    signal: AbortSignal,
  ): Promise<FilePreviewObject> {
    const file = await this.files.getIn(project, id);
    const total = rowsOf(file);
    const { model } = query;
    const counted = model === undefined ? undefined : await this.counted(project, model, referenceOf(file));
    const { rows, lengths } = await this.read(file, total, { shown: query.rows, counted }, signal);
    return {
      ...{ object: 'file.preview', file: id, total_rows: total, rows },
      token_lengths: model === undefined ? null : toTokenLengths(model, lengths),
    };
  }

  /**
   * Lengths of all examples of a training file, or of an even sample of a larger one. Throws as `preview`, and for a row
   * that is not the task's.
   */
  async lengths(
    file: DataFile,
    model: ReadyBaseModel,
    task: TaskReference | null,
    signal: AbortSignal,
  ): Promise<readonly ExampleLength[]> {
    const counted = await this.countedOf(model, task);
    return (await this.read(file, rowsOf(file), { shown: 0, counted }, signal)).lengths;
  }

  private async read(
    file: DataFile,
    total: number,
    { shown, counted }: { readonly shown: number; readonly counted: Counted | undefined },
    signal: AbortSignal,
  ): Promise<{ rows: PreviewRow[]; lengths: ExampleLength[] }> {
    const rows: PreviewRow[] = [];
    const lengths: ExampleLength[] = [];
    const isCounted = (row: number) => counted !== undefined && isInSample(row, total);
    const wanted = (row: number) => row < shown || isCounted(row);
    // A file whose lengths are not asked for is read no further than its last row to show.
    const end = counted === undefined ? shown : total;
    const source = await this.blobs.get(file.blobKey);
    try {
      for await (const { line, row, value } of readJsonLines(source, { wanted })) {
        if (signal.aborted) throw cancelled(file.id);
        if (row < shown) rows.push({ line, value: value as PreviewRow['value'] });
        if (counted !== undefined && isCounted(row)) lengths.push(lengthOf(counted, value, line));
        if (row + 1 >= end) break;
        // Tokenising is work of the thread that other requests wait for.
        await nextTurn();
      }
    } finally {
      source.destroy();
    }
    return { rows, lengths };
  }

  private async counted(project: string, model: string, task: TaskReference | null): Promise<Counted> {
    try {
      return await this.countedOf(await this.baseModels.getReadyIn(project, model), task);
    } catch (error) {
      throw atField(error, 'model');
    }
  }

  private async countedOf(model: ReadyBaseModel, task: TaskReference | null): Promise<Counted> {
    const counter = new ExampleCounter(await this.codecs.of(model), model, task);
    return { read: rowReader(task, 'train'), counter };
  }
}

/** How rows are read and counted. */
interface Counted {
  readonly read: RowReader;
  readonly counter: ExampleCounter;
}

function rowsOf({ id, purpose, rows }: DataFile): number {
  if (purpose === 'fine-tune' && rows !== null) return rows;
  throw new AppError({
    kind: 'invalid',
    code: 'wrong_purpose',
    message: `only training files have a preview: ${id} has the purpose ${purpose}`,
  });
}

/** Evenly: a row is taken where its share of the sample grows by one. */
function isInSample(row: number, total: number): boolean {
  if (total <= SAMPLE) return true;
  return Math.floor(((row + 1) * SAMPLE) / total) > Math.floor((row * SAMPLE) / total);
}

function lengthOf({ read, counter }: Counted, value: unknown, line: number): ExampleLength {
  const example = at('task', () => read(value, line));
  return at('model', () => counter.count(example));
}

function at<T>(param: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    throw atField(error, param);
  }
}

/** The end token counts as part of the completion, which is trained to give it. */
function toTokenLengths(
  model: string,
  lengths: readonly ExampleLength[],
): NonNullable<FilePreviewObject['token_lengths']> {
  return {
    ...{ model, sampled_rows: lengths.length },
    prompt: distributionOf(lengths.map(({ prompt }) => prompt)),
    completion: distributionOf(lengths.map(({ prompt, total }) => total - prompt)),
    total: distributionOf(lengths.map(({ total }) => total)),
  };
}

function cancelled(id: string): AppError {
  return new AppError({
    kind: 'cancelled',
    code: 'request_cancelled',
    message: `the preview of ${id} was cancelled`,
  });
}
