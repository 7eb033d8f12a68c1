import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { readJsonLines } from '@prad/formats';
import type { RowReader } from '@prad/tasks';
import { RowProblems, tooLarge } from './row-problems.js';

/**
 * Passes a training file's bytes on while its lines are checked. It throws when it has seen as many bad lines as an
 * error lists, at the latest after the last byte, so a store that writes atomically keeps nothing of a bad file. From
 * the first bad line on nothing is passed on.
 */
export class InspectedLines implements AsyncIterable<Uint8Array> {
  /** Examples seen so far. */
  rows = 0;
  private readonly problems = new RowProblems();
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
        if (this.problems.isEmpty) yield bytes;
      }
      if (this.isTruncated()) throw tooLarge(this.maxBytes);
      lines.end();
      await checked;
      throwIfSet(failure);
      this.problems.throwIfAny();
    } finally {
      lines.destroy();
      // The rest of a refused upload is read and dropped: a client that is still sending would not read the answer.
      this.source.resume();
    }
  }

  /** Resolves at the end of the lines, or earlier where there is no use in reading on. */
  private async check(lines: Readable): Promise<void> {
    const onProblem = (problem: unknown): void => {
      this.problems.add(problem);
    };
    try {
      for await (const { line, value } of readJsonLines(lines, { onProblem })) {
        try {
          this.read(value, line);
          this.rows += 1;
        } catch (error) {
          onProblem(error);
        }
      }
    } catch (error) {
      this.problems.end(error);
    }
  }
}

function throwIfSet(error: Error | undefined): void {
  if (error !== undefined) throw error;
}
