import type { Device } from '@prad/runtime';

/** What the command line asks of a bench; each takes what concerns it. */
export interface BenchOptions {
  /** Measured rounds where two sides take turns; few are for trying, since medians of few tell little. */
  readonly rounds?: number | undefined;
  /** How long the load lasts. */
  readonly minutes?: number | undefined;
  /** The model that is served under load. */
  readonly model?: string | undefined;
  /** Where the models compute; the CPU by default. */
  readonly device?: Device | undefined;
}
