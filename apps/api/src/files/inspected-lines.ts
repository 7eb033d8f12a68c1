import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { AppError } from '@prad/errors';
import { parseTrainingExample, readJsonLines } from '@prad/formats';

/**
 * Passes a training file's bytes on while its lines are checked. It throws at the first bad line, at the latest after
 * the last byte, so a store that writes atomically keeps nothing of a bad file.
 */
export class InspectedLines implements AsyncIterable<Uint8Array> {
  /** Examples seen so far. */
  rows = 0;

  constructor(
    private readonly source: Readable,
    /** True when the source was cut off at the size limit. */
    private readonly isTruncated: () => boolean,
    private readonly maxBytes: number,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const lines = new PassThrough();
    let failure: Error | undefined;
    const checked = this.check(lines).catch((error: unknown) => {
      failure = error instanceof Error ? error : new Error(String(error));
      // Lets a writer that waits for room go on, so that it sees the failure.
      lines.resume();
    });
    try {
      for await (const chunk of this.source.iterator({ destroyOnReturn: false })) {
        const bytes = chunk as Uint8Array;
        if (!lines.write(bytes)) await Promise.race([once(lines, 'drain'), checked]);
        throwIfSet(failure);
        yield bytes;
      }
      if (this.isTruncated()) throw tooLarge(this.maxBytes);
      lines.end();
      await checked;
      throwIfSet(failure);
    } finally {
      lines.destroy();
      // The rest of a refused upload is read and dropped: a client that is still sending would not read the answer.
      this.source.resume();
    }
  }

  private async check(lines: Readable): Promise<void> {
    for await (const { line, value } of readJsonLines(lines)) {
      parseTrainingExample(value, line);
      this.rows += 1;
    }
  }
}

function throwIfSet(error: Error | undefined): void {
  if (error !== undefined) throw error;
}

function tooLarge(maxBytes: number): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'file_too_large',
    message: `the file is larger than this server takes: at most ${maxBytes} bytes`,
    details: { param: 'file' },
  });
}
