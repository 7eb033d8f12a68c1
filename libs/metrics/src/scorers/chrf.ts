import { defineMetric, type Metric, type Sample } from '../metric.js';
import { countNgrams, countOrders, overlap, total } from '../text/ngrams.js';
import { trimEnd, wordsOf } from '../text/words.js';

export interface ChrfOptions {
  readonly charOrder?: number;
  /** 0 for chrF, 2 for chrF++. */
  readonly wordOrder?: number;
  /** How many times recall counts for precision. */
  readonly beta?: number;
  readonly lowercase?: boolean;
}

/** chrF and chrF++ (Popović 2015, 2017) as sacrebleu computes them, 0 to 100. */
export function chrf(options: ChrfOptions = {}): Metric {
  const { charOrder = 6, wordOrder = 0, beta = 2, lowercase = false } = options;
  const counts = (text: string) => {
    const cased = trimEnd(lowercase ? text.toLowerCase() : text);
    const characters = Array.from(wordsOf(cased).join(''));
    const words = wordOrder === 0 ? [] : wordsAndMarks(cased);
    return [
      ...Array.from({ length: charOrder }, (_, index) => countNgrams(characters, index + 1)),
      ...countOrders(words, wordOrder),
    ];
  };
  const bestRow = ({ prediction, references }: Sample): number[] => {
    const predicted = counts(prediction);
    let best: { readonly row: number[]; readonly score: number } | undefined;
    for (const reference of references) {
      const row = counts(reference).flatMap((ngrams, index) => matches(predicted[index], ngrams));
      const score = fScore(row, beta);
      if (!best || score > best.score) best = { row, score };
    }
    return best?.row ?? [];
  };
  return defineMetric({
    name: wordOrder === 0 ? 'chrf' : `chrf${'+'.repeat(wordOrder)}`,
    higherIsBetter: true,
    settings: { case: lowercase ? 'lc' : 'mixed', eff: true, nc: charOrder, nw: wordOrder, space: false },
    statistics: (samples) => samples.map(bestRow),
    score: (sums) => fScore(sums, beta),
  });
}

/** N-grams of the prediction, of the reference and of both. */
function matches(
  predicted: ReadonlyMap<string, number> = new Map<string, number>(),
  reference: ReadonlyMap<string, number>,
): number[] {
  // An order that the reference is too short for is no order of this pair.
  const counted = reference.size === 0 ? 0 : total(predicted.values());
  return [counted, total(reference.values()), overlap(predicted, reference)];
}

/** F-beta of the precision and recall averaged over the orders that both texts have. */
function fScore(row: readonly number[], beta: number): number {
  let [precision, recall, orders] = [0, 0, 0];
  for (let at = 0; at < row.length; at += 3) {
    const [predicted = 0, reference = 0, both = 0] = row.slice(at, at + 3);
    if (predicted === 0 || reference === 0) continue;
    precision += both / predicted;
    recall += both / reference;
    orders += 1;
  }
  if (orders === 0 || precision + recall === 0) return 0;
  const [p, r] = [precision / orders, recall / orders];
  return (100 * (1 + beta ** 2) * p * r) / (beta ** 2 * p + r);
}

const mark = /[!-/:-@[-`{-~]/;

/** Words with one mark cut from their end, or else from their start. */
function wordsAndMarks(text: string): string[] {
  return wordsOf(text).flatMap((word) => {
    const letters = Array.from(word);
    const [first = '', last = ''] = [letters[0], letters.at(-1)];
    if (letters.length === 1) return [word];
    if (mark.test(last)) return [word.slice(0, -1), last];
    return mark.test(first) ? [first, word.slice(1)] : [word];
  });
}
