import { AppError } from '@prad/errors';
import { columnOf, isJsonObject, LONGEST_ROW, pickColumns, type Columns, type JsonLine } from '@prad/formats';
import type { RowReader } from '@prad/tasks';
import { RowProblems, tooLarge } from './row-problems.js';

export interface Conversion {
  /** Rows as they are read; `onProblem` hears of those that cannot be. */
  readonly rows: (onProblem: (problem: AppError) => void) => AsyncIterable<JsonLine>;
  /** Checks a row. */
  readonly read: RowReader;
  /** Undefined takes all columns as they are called. */
  readonly columns: Columns | undefined;
  /** `row` of a format without lines. */
  readonly unit: 'line' | 'row';
  /** All rows have the same columns. */
  readonly isTable: boolean;
  /** Of the JSON lines. */
  readonly maxBytes: number;
}

/** Bytes that are passed on at once. */
const BLOCK = 64 << 10;

/**
 * Rows of an uploaded file as checked JSON lines. As `InspectedLines` it throws when it has seen as many bad rows as an error lists,
 * at the latest after the last row, and passes nothing on from the first of them.
 */
export class ConvertedRows implements AsyncIterable<Uint8Array> {
  /** Examples seen so far. */
  rows = 0;
  private readonly problems = new RowProblems();

  constructor(private readonly conversion: Conversion) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const { maxBytes } = this.conversion;
    let block: string[] = [];
    let waiting = 0;
    let bytes = 0;
    for await (const line of this.lines()) {
      const size = Buffer.byteLength(line);
      bytes += size;
      if (bytes > maxBytes) throw tooLarge(maxBytes, 'as JSON lines the rows are');
      block.push(line);
      waiting += size;
      if (waiting < BLOCK) continue;
      yield Buffer.from(block.join(''));
      block = [];
      waiting = 0;
    }
    yield Buffer.from(block.join(''));
  }

  private async *lines(): AsyncGenerator<string> {
    const onProblem = (problem: unknown): void => {
      this.problems.add(this.named(problem));
    };
    try {
      for await (const row of this.conversion.rows(onProblem)) {
        if (this.rows === 0) this.checkColumns(row.value);
        const line = this.checked(row, onProblem);
        if (line !== undefined && this.problems.isEmpty) yield line;
      }
    } catch (error) {
      // What has no line is the whole file's, or the form's.
      if (!(error instanceof AppError) || error.details['line'] === undefined) throw error;
      this.problems.end(this.named(error));
    }
    this.problems.throwIfAny();
  }

  private checked({ line, value }: JsonLine, onProblem: (problem: unknown) => void): string | undefined {
    const { columns, read } = this.conversion;
    try {
      const row = columns !== undefined && isJsonObject(value) ? pickColumns(value, columns) : value;
      read(row, line);
      const text = `${JSON.stringify(row)}\n`;
      if (Buffer.byteLength(text) > LONGEST_ROW) throw tooLong(line);
      this.rows += 1;
      return text;
    } catch (error) {
      onProblem(error);
      return undefined;
    }
  }

  private checkColumns(row: unknown): void {
    const { columns, isTable } = this.conversion;
    if (columns === undefined || !isTable || !isJsonObject(row)) return;
    for (const source of Object.values(columns)) columnOf(source, Object.keys(row));
  }

  /** Readers of rows count lines. */
  private named(problem: unknown): unknown {
    if (!(problem instanceof AppError) || this.conversion.unit === 'line') return problem;
    const { kind, code, message, details } = problem;
    return new AppError({ kind, code, message: message.replace(/^line (\d+)/, 'row $1'), details });
  }
}

function tooLong(line: number): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'line_too_long',
    message: `line ${line} is longer than ${LONGEST_ROW} bytes as JSON`,
    details: { line },
  });
}
