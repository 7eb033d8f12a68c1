import { defineMeanMetric, type Metric, type Sample } from '../metric.js';
import { captionTokens } from '../text/caption-tokens.js';
import { countOrders, total } from '../text/ngrams.js';

const ORDERS = 4;
const SIGMA = 6;

/** An n-gram's weight by n-gram, for each order, with the length of the vector. */
interface Vector {
  readonly orders: readonly { readonly weights: ReadonlyMap<string, number>; readonly norm: number }[];
  /** Number of bigrams, which the original takes for the length. */
  readonly length: number;
}

/**
 * CIDEr-D (Vedantam et al. 2015) as pycocoevalcap computes it, 0 to 10: cosines of n-gram vectors weighted by how few
 * samples' references hold the n-gram. Those frequencies come from the whole corpus, so it says nothing of one sample.
 */
export function cider(): Metric {
  return defineMeanMetric({
    name: 'cider',
    higherIsBetter: true,
    settings: { case: 'lc', tok: 'caption', n: ORDERS, sigma: SIGMA },
    scores: (samples) => {
      const references = samples.map((sample) => sample.references.map(orderCounts));
      const weigh = vectoriser(references);
      return samples.map(({ prediction }: Sample, index) => {
        const predicted = weigh(orderCounts(prediction));
        const own = references[index] ?? [];
        return (
          (10 * total(own.map((reference) => similarity(predicted, weigh(reference))))) /
          (ORDERS * own.length)
        );
      });
    },
  });
}

type Counts = readonly ReadonlyMap<string, number>[];

function orderCounts(text: string): Counts {
  return countOrders(captionTokens(text), ORDERS);
}

function vectoriser(samples: readonly (readonly Counts[])[]): (counts: Counts) => Vector {
  const frequency = new Map<string, number>();
  for (const references of samples) {
    const ngrams = new Set(references.flatMap((orders) => orders.flatMap((counts) => [...counts.keys()])));
    for (const ngram of ngrams) frequency.set(ngram, (frequency.get(ngram) ?? 0) + 1);
  }
  const logSamples = Math.log(samples.length);
  return (counts) => ({
    orders: counts.map((ngrams) => {
      const weights = new Map<string, number>();
      for (const [ngram, count] of ngrams) {
        weights.set(ngram, count * (logSamples - Math.log(frequency.get(ngram) ?? 1)));
      }
      return { weights, norm: Math.sqrt(total([...weights.values()].map((weight) => weight ** 2))) };
    }),
    length: total(counts[1]?.values() ?? []),
  });
}

/** Sum over the orders of clipped cosines, less for a difference in length. */
function similarity(predicted: Vector, reference: Vector): number {
  const cosines = predicted.orders.map(({ weights, norm }, index) => {
    const other = reference.orders[index];
    if (!other) return 0;
    let product = 0;
    for (const [ngram, weight] of weights) {
      const right = other.weights.get(ngram) ?? 0;
      product += Math.min(weight, right) * right;
    }
    return norm === 0 || other.norm === 0 ? product : product / (norm * other.norm);
  });
  return total(cosines) * Math.exp(-((predicted.length - reference.length) ** 2) / (2 * SIGMA ** 2));
}
