import { AppError } from '@prad/errors';

/** One scored answer. */
export interface Sample {
  readonly prediction: string;
  /** At least one text that counts as right. */
  readonly references: readonly string[];
  /** Sum of the natural logarithms of the reference's token probabilities, for perplexity. */
  readonly logLikelihood?: number;
  /** How many tokens `logLikelihood` sums over. */
  readonly tokens?: number;
  /** The model's probability of its prediction, 0 to 1, for the calibration error. */
  readonly confidence?: number;
}

/**
 * A score of a corpus that is computed from sums over its samples, so that a resample of the samples is scored by
 * adding up rows and never by reading a text again.
 */
export interface Metric {
  readonly name: string;
  readonly higherIsBetter: boolean;
  /** How the score was made, in sacrebleu's `key:value|...`: scores compare only where these are equal. */
  readonly signature: (samples: readonly Sample[]) => string;
  /** One row for each sample, all of one length. */
  readonly statistics: (samples: readonly Sample[]) => readonly (readonly number[])[];
  /** The score of samples whose rows add up to `sums`. */
  readonly score: (sums: readonly number[]) => number;
}

/** A metric's outcome on a corpus. */
export interface Measurement {
  readonly metric: string;
  readonly higherIsBetter: boolean;
  readonly score: number;
  readonly signature: string;
  readonly statistics: readonly (readonly number[])[];
}

/** Of this lib's definitions; it changes when a score may. */
const VERSION = 'prad-1';

interface MetricDefinition extends Omit<Metric, 'signature'> {
  /** What the signature says besides the number of references and the version. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
}

/** A metric whose signature is written from its settings. */
export function defineMetric({ settings, ...metric }: MetricDefinition): Metric {
  return {
    ...metric,
    statistics: (samples) => {
      checkSamples(samples);
      return metric.statistics(samples);
    },
    signature: (samples) => {
      const pairs: MetricDefinition['settings'] = {
        nrefs: referenceCount(samples),
        ...settings,
        version: VERSION,
      };
      return Object.entries(pairs)
        .map(([key, value]) => `${key}:${value === true ? 'yes' : value === false ? 'no' : value}`)
        .join('|');
    },
  };
}

/**
 * A metric that is the mean of what each sample scores.
 * @param scores one number for each sample; it sees the whole corpus.
 */
export function defineMeanMetric(
  definition: Omit<MetricDefinition, 'statistics' | 'score'> & {
    readonly scores: (samples: readonly Sample[]) => readonly number[];
  },
): Metric {
  const { scores, ...rest } = definition;
  return defineMetric({
    ...rest,
    statistics: (samples) => scores(samples).map((score) => [score, 1]),
    score: ([sum = 0, count = 0]) => sum / count,
  });
}

/** The statistics and score of a corpus. @throws AppError invalid `no_samples`, `no_references`. */
export function measure(metric: Metric, samples: readonly Sample[]): Measurement {
  const statistics = metric.statistics(samples);
  return {
    metric: metric.name,
    higherIsBetter: metric.higherIsBetter,
    score: metric.score(addRows(statistics)),
    signature: metric.signature(samples),
    statistics,
  };
}

/** The sum of rows of one length. */
export function addRows(rows: readonly (readonly number[])[]): number[] {
  const sums = new Array<number>(rows[0]?.length ?? 0).fill(0);
  for (const row of rows) {
    for (let column = 0; column < sums.length; column += 1)
      sums[column] = (sums[column] ?? 0) + (row[column] ?? 0);
  }
  return sums;
}

/** `var` where samples differ in it, as sacrebleu writes it. */
function referenceCount(samples: readonly Sample[]): number | string {
  const counts = new Set(samples.map(({ references }) => references.length));
  const [count = 0] = counts;
  return counts.size === 1 ? count : 'var';
}

function checkSamples(samples: readonly Sample[]): void {
  if (samples.length === 0) {
    throw new AppError({
      kind: 'invalid',
      code: 'no_samples',
      message: 'a score needs at least one sample, got none',
    });
  }
  const bare = samples.findIndex(({ references }) => references.length === 0);
  if (bare >= 0) {
    throw new AppError({
      kind: 'invalid',
      code: 'no_references',
      message: `sample ${bare}: expected at least one reference, got none`,
      details: { sample: bare },
    });
  }
}
