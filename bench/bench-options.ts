/** What the command line asks of a bench; each takes what concerns it. */
export interface BenchOptions {
  /** Measured rounds where two sides take turns; few are for trying, since medians of few tell little. */
  readonly rounds?: number | undefined;
}
