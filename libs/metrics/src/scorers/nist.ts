import { defineMetric, type Metric, type Sample } from '../metric.js';
import { countOrders, mostOften, overlap, prefixOf, total } from '../text/ngrams.js';
import { mtevalTokens } from './bleu.js';

const ORDERS = 5;

/**
 * NIST (Doddington 2002) of mteval-v13a with up to 5-grams and several references: rarer n-grams weigh more. Their
 * weights come from all references of the corpus and stay what they are when it is resampled. A sample with fewer
 * references than another is taken to have empty ones besides, as the E2E challenge's scripts do.
 */
export function nist(): Metric {
  return defineMetric({
    name: 'nist',
    higherIsBetter: true,
    settings: { case: 'lc', tok: '13a', orders: ORDERS },
    statistics: (samples) => {
      const weight = informationWeights(samples);
      const most = Math.max(...samples.map(({ references }) => references.length));
      return samples.map(({ prediction, references }) => {
        const words = mtevalTokens(prediction);
        const allowed = references.map(mtevalTokens);
        const orders = allowed.map((reference) => countOrders(reference, ORDERS));
        const information = countOrders(words, ORDERS).map((ngrams, index) =>
          overlap(ngrams, mostOften(orders.flatMap((counts) => counts.slice(index, index + 1))), weight),
        );
        const counted = information.map((_, index) => Math.max(words.length - index, 0));
        return [...information, ...counted, total(allowed.map(({ length }) => length)) / most];
      });
    },
    score: (sums) => {
      const precisions = sums.slice(0, ORDERS).map((information, index) => {
        return information / Math.max(sums[ORDERS + index] ?? 0, 1);
      });
      return total(precisions) * lengthPenalty((sums[ORDERS] ?? 0) / (sums[2 * ORDERS] ?? 0));
    },
  });
}

/** log2 of how often an n-gram's beginning occurs over how often it does itself. */
function informationWeights(samples: readonly Sample[]): (ngram: string) => number {
  const counts = new Map<string, number>();
  let words = 0;
  for (const reference of samples.flatMap(({ references }) => references)) {
    const tokens = mtevalTokens(reference);
    words += tokens.length;
    for (const order of countOrders(tokens, ORDERS)) {
      for (const [ngram, count] of order) counts.set(ngram, (counts.get(ngram) ?? 0) + count);
    }
  }
  return (ngram) => Math.log2((counts.get(prefixOf(ngram)) ?? words) / (counts.get(ngram) ?? Number.NaN));
}

/** 1 for an answer as long as the references, 0.5 for one of two thirds of their length. */
function lengthPenalty(ratio: number): number {
  if (!(ratio < 1)) return 1;
  return ratio <= 0 ? 0 : Math.exp((Math.log(0.5) / Math.log(1.5) ** 2) * Math.log(ratio) ** 2);
}
