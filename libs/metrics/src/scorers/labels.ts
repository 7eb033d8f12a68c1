import { AppError } from '@prad/errors';
import { defineMeanMetric, defineMetric, type Metric, type Sample } from '../metric.js';
import { total } from '../text/ngrams.js';
import { trim } from '../text/words.js';

/** Share of answers that are one of their references, white space around both aside. */
export function accuracy(): Metric {
  return defineMeanMetric({
    name: 'accuracy',
    higherIsBetter: true,
    settings: { case: 'mixed', strip: true },
    scores: (samples) => samples.map(isCorrect).map(Number),
  });
}

export interface ExactMatchOptions {
  readonly ignoreCase?: boolean;
  /** Leaves out every character of Unicode's punctuation. */
  readonly ignorePunctuation?: boolean;
}

/** Share of answers that equal one of their references, letter by letter. */
export function exactMatch({
  ignoreCase = false,
  ignorePunctuation = false,
}: ExactMatchOptions = {}): Metric {
  const plain = (text: string) => {
    const cased = ignoreCase ? text.toLowerCase() : text;
    return ignorePunctuation ? cased.replace(/\p{P}/gu, '') : cased;
  };
  return defineMeanMetric({
    name: 'exact_match',
    higherIsBetter: true,
    settings: { case: ignoreCase ? 'lc' : 'mixed', punct: !ignorePunctuation },
    scores: (samples) =>
      samples.map(({ prediction, references }) =>
        Number(references.some((reference) => plain(reference) === plain(prediction))),
      ),
  });
}

export type F1Options =
  | { readonly average?: 'macro' | 'micro' }
  /** F1 of one label. */
  | { readonly average: 'binary'; readonly positive: string };

/**
 * F1 of labels, 0 to 1, as scikit-learn computes it over the labels that the references hold: an answer outside them
 * is a miss of the right label. A label that is never predicted counts 0.
 */
export function f1(options: F1Options = {}): Metric {
  const { average = 'macro' } = options;
  const positive = options.average === 'binary' ? options.positive : undefined;
  return defineMetric({
    name: average === 'macro' ? 'f1' : `f1_${average}`,
    higherIsBetter: true,
    settings: { average, ...(positive === undefined ? {} : { positive }), labels: 'references' },
    statistics: (samples) => {
      const labels = positive === undefined ? labelsOf(samples) : [positive];
      return samples.map((sample) => {
        const { predicted, right } = labelled(sample);
        return labels.flatMap((label) => {
          const [isPredicted, isRight] = [predicted === label, right === label];
          return [isPredicted && isRight, isPredicted, isRight].map(Number);
        });
      });
    },
    score: (sums) => {
      const labels = Array.from({ length: sums.length / 3 }, (_, index) =>
        sums.slice(3 * index, 3 * index + 3),
      );
      if (average === 'micro')
        return ratio([0, 1, 2].map((at) => total(labels.map((counts) => counts[at] ?? 0))));
      return total(labels.map(ratio)) / labels.length;
    },
  });
}

/** Twice the hits over what was predicted and what was right. */
function ratio([hits = 0, predicted = 0, right = 0]: readonly number[]): number {
  return hits === 0 ? 0 : (2 * hits) / (predicted + right);
}

/**
 * Matthews' correlation for any number of labels (Gorodkin 2004), -1 to 1; 0 where one side has one label only. All
 * answers outside the references' labels count as one label more.
 */
export function matthews(): Metric {
  return defineMetric({
    name: 'matthews',
    higherIsBetter: true,
    settings: { labels: 'references' },
    statistics: (samples) => {
      const labels = labelsOf(samples);
      return samples.map((sample) => {
        const { predicted, right } = labelled(sample);
        return [
          predicted === right,
          ...labels.flatMap((label) => [predicted === label, right === label]),
          !labels.includes(predicted),
          false,
        ].map(Number);
      });
    },
    score: ([correct = 0, ...counts]) => {
      const predicted = counts.filter((_, index) => index % 2 === 0);
      const right = counts.filter((_, index) => index % 2 === 1);
      const all = total(right);
      const product = (a: readonly number[], b: readonly number[]) =>
        total(a.map((x, index) => x * (b[index] ?? 0)));
      const spread = (all ** 2 - product(predicted, predicted)) * (all ** 2 - product(right, right));
      return spread === 0 ? 0 : (correct * all - product(predicted, right)) / Math.sqrt(spread);
    },
  });
}

export function isCorrect({ prediction, references }: Sample): boolean {
  return references.some((reference) => trim(reference) === trim(prediction));
}

function labelled({ prediction, references }: Sample): {
  readonly predicted: string;
  readonly right: string;
} {
  return { predicted: trim(prediction), right: trim(references[0] ?? '') };
}

/** More labels than this are answers in free words, whose rows would grow with the corpus. */
const MOST_LABELS = 1000;

function labelsOf(samples: readonly Sample[]): string[] {
  const labels = [...new Set(samples.map((sample) => labelled(sample).right))].sort();
  if (labels.length <= MOST_LABELS) return labels;
  throw new AppError({
    kind: 'invalid',
    code: 'too_many_labels',
    message: `expected at most ${MOST_LABELS} labels in the references, got ${labels.length}; free text needs another metric`,
    details: { labels: labels.length },
  });
}
