import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { FilePreviewObject, FilePreviewQuery } from '@prad/contracts';
import { BaseModelRepository, DataFileRepository } from '@prad/database';
import type { DataFile, ReadyBaseModel } from '@prad/domain';
import { AppError } from '@prad/errors';
import { encodeExample, readJsonLines, type TextCodec } from '@prad/formats';
import { BlobStore } from '@prad/storage';
import { rowReader, type RowReader } from '@prad/tasks';
import { atField } from '../http/error-response.js';
import { TextCodecs } from '../models/text-codecs.js';
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
    const codec = model === undefined ? undefined : await this.codecOf(project, model);
    const { rows, lengths } = await this.read(file, total, { shown: query.rows, codec }, signal);
    return {
      ...{ object: 'file.preview', file: id, total_rows: total, rows },
      token_lengths: model === undefined ? null : toTokenLengths(model, lengths),
    };
  }

  /** Lengths of all examples of a training file, or of an even sample of a larger one. Throws as `preview`. */
  async lengths(
    file: DataFile,
    model: ReadyBaseModel,
    signal: AbortSignal,
  ): Promise<readonly ExampleLength[]> {
    const codec = await this.codecs.of(model);
    return (await this.read(file, rowsOf(file), { shown: 0, codec }, signal)).lengths;
  }

  private async read(
    file: DataFile,
    total: number,
    { shown, codec }: { readonly shown: number; readonly codec: TextCodec | undefined },
    signal: AbortSignal,
  ): Promise<{ rows: PreviewRow[]; lengths: ExampleLength[] }> {
    const reader = rowReader(null, 'train');
    const rows: PreviewRow[] = [];
    const lengths: ExampleLength[] = [];
    const isCounted = (row: number) => codec !== undefined && isInSample(row, total);
    const wanted = (row: number) => row < shown || isCounted(row);
    // A file whose lengths are not asked for is read no further than its last row to show.
    const end = codec === undefined ? shown : total;
    const source = await this.blobs.get(file.blobKey);
    try {
      for await (const { line, row, value } of readJsonLines(source, { wanted })) {
        if (signal.aborted) throw cancelled(file.id);
        if (row < shown) rows.push({ line, value: value as PreviewRow['value'] });
        if (codec !== undefined && isCounted(row)) lengths.push(lengthOf(codec, reader, value, line));
        if (row + 1 >= end) break;
        // Tokenising is work of the thread that other requests wait for.
        await nextTurn();
      }
    } finally {
      source.destroy();
    }
    return { rows, lengths };
  }

  private async codecOf(project: string, model: string): Promise<TextCodec> {
    try {
      return await this.codecs.of(await this.baseModels.getReadyIn(project, model));
    } catch (error) {
      throw atField(error, 'model');
    }
  }
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

function lengthOf(codec: TextCodec, read: RowReader, value: unknown, line: number): ExampleLength {
  try {
    const { tokens, promptLength } = encodeExample(codec, read(value, line));
    return { prompt: promptLength, total: tokens.length };
  } catch (error) {
    throw atField(error, 'model');
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
