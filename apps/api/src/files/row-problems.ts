import { MAX_LINE_PROBLEMS, type LineProblem } from '@prad/contracts';
import { AppError } from '@prad/errors';

/** What is wrong with the rows of an uploaded file, until an error lists no more. */
export class RowProblems {
  private readonly found: AppError[] = [];

  get isEmpty(): boolean {
    return this.found.length === 0;
  }

  /** Throws the problem when no more are listed, so that nobody reads on; and what is no problem of the file. */
  add(problem: unknown): void {
    this.end(problem);
    if (this.found.length === MAX_LINE_PROBLEMS) throw problem;
  }

  /** Notes why the reading ended. Throws what is no problem of the file: a fault of the source or of this program. */
  end(problem: unknown): void {
    if (!(problem instanceof AppError)) throw problem;
    if (!this.found.includes(problem)) this.found.push(problem);
  }

  /** Throws the first problem, with all of them in its details. */
  throwIfAny(): void {
    const [first] = this.found;
    if (first === undefined) return;
    const { kind, code, message, details } = first;
    const problems = this.found.map(({ message, details: { line, field } }): LineProblem => {
      return { line: Number(line ?? 1), ...(typeof field === 'string' && { field }), message };
    });
    throw new AppError({ kind, code, message, details: { ...details, problems } });
  }
}

/** The error of a file that is too large, as it is sent or as JSON lines. */
export function tooLarge(maxBytes: number, what = 'the file is'): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'file_too_large',
    message: `${what} larger than this server takes: at most ${maxBytes} bytes`,
    details: { param: 'file' },
  });
}
