import { AppError } from '@prad/errors';
import { defineMetric, type Metric, type Sample } from '../metric.js';
import { total } from '../text/ngrams.js';
import { isCorrect } from './labels.js';

/** e to the mean negative log-likelihood of the references' tokens. */
export function perplexity(): Metric {
  return defineMetric({
    name: 'perplexity',
    higherIsBetter: false,
    settings: { log: 'e', average: 'token' },
    statistics: (samples) =>
      samples.map((sample, index) => [
        given(sample.logLikelihood, 'logLikelihood', index),
        given(sample.tokens, 'tokens', index),
      ]),
    score: ([logLikelihood = 0, tokens = 0]) => Math.exp(-logLikelihood / tokens),
  });
}

/**
 * Expected calibration error (Guo et al. 2017), 0 to 1: how far confidence and accuracy lie apart in bins of equal
 * width, which hold their upper bound; the mean over the samples.
 */
export function calibrationError({ bins = 10 }: { readonly bins?: number } = {}): Metric {
  return defineMetric({
    name: 'calibration_error',
    higherIsBetter: false,
    settings: { bins, norm: 'l1' },
    statistics: (samples) =>
      samples.map((sample, index) => {
        const confidence = given(sample.confidence, 'confidence', index);
        const row = new Array<number>(2 * bins + 1).fill(0);
        const bin = Math.min(Math.max(Math.ceil(confidence * bins) - 1, 0), bins - 1);
        row[2 * bin] = confidence;
        row[2 * bin + 1] = Number(isCorrect(sample));
        row[2 * bins] = 1;
        return row;
      }),
    score: (sums) => {
      const gaps = Array.from({ length: bins }, (_, bin) =>
        Math.abs((sums[2 * bin] ?? 0) - (sums[2 * bin + 1] ?? 0)),
      );
      return total(gaps) / (sums[2 * bins] ?? 0);
    },
  });
}

function given(value: number | undefined, field: keyof Sample, index: number): number {
  if (value !== undefined && Number.isFinite(value)) return value;
  throw new AppError({
    kind: 'invalid',
    code: 'missing_field',
    message: `sample ${index}: ${field}: expected a number, got ${String(value)}`,
    details: { sample: index, field },
  });
}
