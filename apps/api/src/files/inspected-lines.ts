import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { MAX_LINE_PROBLEMS, type LineProblem } from '@prad/contracts';
import { AppError } from '@prad/errors';
import { readJsonLines } from '@prad/formats';
import type { RowReader } from '@prad/tasks';

/**
 * Passes a training file's bytes on while its lines are checked. It throws when it has seen as many bad lines as an
 * error lists, at the latest after the last byte, so a store that writes atomically keeps nothing of a bad file. From
 * the first bad line on nothing is passed on.
 */
export class InspectedLines implements AsyncIterable<Uint8Array> {
  /** Examples seen so far. */
  rows = 0;
  private readonly problems: AppError[] = [];
  /** Nobody reads the lines any more: they are at their end, or bad enough. */
  private isOver = false;

  constructor(
    private readonly source: Readable,
    private readonly read: RowReader,
    /** True when the source was cut off at the size limit. */
    private readonly isTruncated: () => boolean,
    private readonly maxBytes: number,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const lines = new PassThrough();
    let failure: Error | undefined;
    const checked = this.check(lines)
      .catch((error: unknown) => {
        failure = error instanceof Error ? error : new Error(String(error));
      })
      .then(() => {
        this.isOver = true;
        // Lets a writer that waits for room go on, so that it sees the end.
        lines.resume();
      });
    try {
      for await (const chunk of this.source.iterator({ destroyOnReturn: false })) {
        const bytes = chunk as Uint8Array;
        if (!lines.write(bytes)) await Promise.race([once(lines, 'drain'), checked]);
        if (this.isOver) break;
        if (this.problems.length === 0) yield bytes;
      }
      if (this.isTruncated()) throw tooLarge(this.maxBytes);
      lines.end();
      await checked;
      throwIfSet(failure);
      if (this.problems.length > 0) throw badLines(this.problems);
    } finally {
      lines.destroy();
      // The rest of a refused upload is read and dropped: a client that is still sending would not read the answer.
      this.source.resume();
    }
  }

  /** Resolves at the end of the lines, or earlier where there is no use in reading on. */
  private async check(lines: Readable): Promise<void> {
    const onProblem = (problem: AppError) => {
      this.problems.push(problem);
      if (this.problems.length === MAX_LINE_PROBLEMS) throw problem;
    };
    try {
      for await (const { line, value } of readJsonLines(lines, { onProblem })) {
        try {
          this.read(value, line);
          this.rows += 1;
        } catch (error) {
          onProblem(asProblem(error));
        }
      }
    } catch (error) {
      const problem = asProblem(error);
      if (!this.problems.includes(problem)) this.problems.push(problem);
    }
  }
}

function throwIfSet(error: Error | undefined): void {
  if (error !== undefined) throw error;
}

/** What a line's check throws is an AppError; anything else is a fault of the source or of this program. */
function asProblem(error: unknown): AppError {
  if (error instanceof AppError) return error;
  throw error;
}

/** The first problem, with all of them in its details. */
function badLines(problems: readonly AppError[]): AppError {
  const [first] = problems;
  if (first === undefined) throw new TypeError('a file without problems is not refused');
  const { kind, code, message, details } = first;
  const listed = problems.map(({ message, details }): LineProblem => {
    const { line, field } = details;
    return { line: Number(line ?? 1), ...(typeof field === 'string' && { field }), message };
  });
  return new AppError({ kind, code, message, details: { ...details, problems: listed } });
}

function tooLarge(maxBytes: number): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'file_too_large',
    message: `the file is larger than this server takes: at most ${maxBytes} bytes`,
    details: { param: 'file' },
  });
}
