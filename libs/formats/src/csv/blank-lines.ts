/** Passed runs that are dropped together. */
const FORGET = 4096;

/** Where blank lines lie, as far as nobody has passed them. */
export class BlankLines {
  /** From the first line of each run to the line after it, in order. */
  private readonly runs: [number, number][] = [];
  /** Index of the first run that is not passed. */
  private next = 0;

  /** Notes a blank line; later ones come later. */
  note(line: number): void {
    const last = this.runs.at(-1);
    if (last?.[1] === line) last[1] += 1;
    else this.runs.push([line, line + 1]);
  }

  /** The first line from the given one on that is not blank. It only ever grows. */
  after(line: number): number {
    while ((this.runs[this.next]?.[1] ?? Infinity) <= line) this.next += 1;
    if (this.next >= FORGET) {
      this.runs.splice(0, this.next);
      this.next = 0;
    }
    const run = this.runs[this.next];
    return run !== undefined && run[0] <= line ? run[1] : line;
  }
}
