import { AppError } from '@prad/errors';
import { addRows, type Metric } from './metric.js';

/** One row of statistics for each sample, as a metric makes them. */
export type Statistics = readonly (readonly number[])[];

export interface BootstrapOptions {
  /** How many resamples are scored. */
  readonly resamples?: number;
  readonly seed?: number;
  /** Share of the resamples that the interval holds. */
  readonly confidence?: number;
}

export interface Interval {
  /** Mean over the resamples. */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface Comparison {
  /** The system's score less the baseline's. */
  readonly difference: number;
  /** Of the difference. */
  readonly interval: Interval;
  /** How likely a difference at least as large is between systems that are equally good; 1 for equal ones. */
  readonly pValue: number;
}

const RESAMPLES = 1000;
const SEED = 12_345;
const CONFIDENCE = 0.95;

/** A score's confidence interval by bootstrap resampling (Koehn 2004): percentiles, as sacrebleu takes them. */
export function bootstrapInterval(
  metric: Metric,
  statistics: Statistics,
  options: BootstrapOptions = {},
): Interval {
  const draws = drawResamples(statistics.length, options);
  return intervalOf(scoreResamples(metric, statistics, draws), options.confidence);
}

/**
 * Whether a system differs from a baseline on the same samples: sacrebleu's paired bootstrap, in which both are scored
 * on the same resamples.
 * @throws AppError invalid `unpaired_statistics` where the two have not as many samples.
 */
export function pairedBootstrap(
  metric: Metric,
  baseline: Statistics,
  system: Statistics,
  options: BootstrapOptions = {},
): Comparison {
  if (baseline.length !== system.length) {
    throw new AppError({
      kind: 'invalid',
      code: 'unpaired_statistics',
      message: `a comparison needs the same samples of both: the baseline has ${baseline.length}, the system ${system.length}`,
    });
  }
  return comparePaired(
    metric,
    [baseline, system],
    drawResamples(baseline.length, options),
    options.confidence,
  );
}

/** The comparison over given resamples: lists of places, with repetition. */
export function comparePaired(
  metric: Metric,
  [baseline, system]: readonly [Statistics, Statistics],
  draws: readonly Iterable<number>[],
  confidence = CONFIDENCE,
): Comparison {
  const base = scoreResamples(metric, baseline, draws);
  const differences = scoreResamples(metric, system, draws).map((score, index) => score - (base[index] ?? 0));
  const difference = metric.score(addRows(system)) - metric.score(addRows(baseline));
  const sizes = differences.map(Math.abs);
  const mean = meanOf(sizes);
  const beyond = sizes.filter((size) => size - mean >= Math.abs(difference)).length;
  return {
    difference,
    interval: intervalOf(differences, confidence),
    pValue: (beyond + 1) / (draws.length + 1),
  };
}

/** The metric's score of each resample. */
export function scoreResamples(
  metric: Metric,
  statistics: Statistics,
  draws: readonly Iterable<number>[],
): number[] {
  const width = statistics[0]?.length ?? 0;
  const flat = Float64Array.from(statistics.flat());
  return draws.map((places) => {
    const sums = new Array<number>(width).fill(0);
    for (const place of places) {
      const row = place * width;
      for (let column = 0; column < width; column += 1)
        sums[column] = (sums[column] ?? 0) + (flat[row + column] ?? 0);
    }
    return metric.score(sums);
  });
}

/** Drops as many scores at each end, rounded down. */
export function intervalOf(scores: readonly number[], confidence = CONFIDENCE): Interval {
  const sorted = [...scores].sort((a, b) => a - b);
  // 0.95 of 1000 leaves 25; the small addend keeps a quotient such as 24.999... whole.
  const cut = Math.floor((sorted.length * (1 - confidence)) / 2 + 1e-9);
  return {
    mean: meanOf(scores),
    low: sorted[cut] ?? Number.NaN,
    high: sorted[sorted.length - 1 - cut] ?? Number.NaN,
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Places of `size` samples, as many in each resample; the same for the same seed. */
function drawResamples(
  size: number,
  { resamples = RESAMPLES, seed = SEED }: BootstrapOptions,
): Uint32Array[] {
  const next = splitMix32(seed);
  return Array.from({ length: resamples }, () =>
    Uint32Array.from({ length: size }, () => Math.floor((next() / 2 ** 32) * size)),
  );
}

/** splitmix32: whole numbers of 32 bits from a counter, mixed. */
function splitMix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
}
