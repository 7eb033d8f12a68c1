import { defineMeanMetric, type Metric } from '../metric.js';
import { porterStem } from '../text/porter-stemmer.js';
import { tokenisers } from '../text/tokenisers.js';

const ALPHA = 0.9;
const BETA = 3;
const GAMMA = 0.5;

/**
 * METEOR (Lavie and Agarwal 2007) as NLTK computes it, 0 to 1, with the modules exact and stem and without synonyms:
 * the mean of each answer's score with its best reference.
 */
export function meteor(): Metric {
  const tokens = (text: string) => tokenisers['13a'](text).map((token) => token.toLowerCase());
  return defineMeanMetric({
    name: 'meteor',
    higherIsBetter: true,
    settings: { case: 'lc', tok: '13a', modules: 'exact,stem', alpha: ALPHA, beta: BETA, gamma: GAMMA },
    scores: (samples) =>
      samples.map(({ prediction, references }) =>
        Math.max(...references.map((reference) => sentenceScore(tokens(prediction), tokens(reference)))),
      ),
  });
}

function sentenceScore(words: readonly string[], reference: readonly string[]): number {
  const pairs = alignWords(words, reference);
  if (pairs.length === 0) return 0;
  const [precision, recall] = [pairs.length / words.length, pairs.length / reference.length];
  const mean = (precision * recall) / (ALPHA * precision + (1 - ALPHA) * recall);
  return (1 - GAMMA * (countChunks(pairs) / pairs.length) ** BETA) * mean;
}

/** A word's place and that of the reference's word that it stands for. */
type Pair = readonly [place: number, at: number];

/** Pairs equal words, then words of equal stems, each from the end; sorted by the place of the word. */
function alignWords(words: readonly string[], reference: readonly string[]): Pair[] {
  const pairs: Pair[] = [];
  const free = { words: new Set(words.keys()), reference: new Set(reference.keys()) };
  for (const form of [(word: string) => word, porterStem]) {
    const places = new Map<string, number[]>();
    for (const at of free.reference) {
      const key = form(reference[at] ?? '');
      places.set(key, [...(places.get(key) ?? []), at]);
    }
    for (const place of [...free.words].reverse()) {
      const at = places.get(form(words[place] ?? ''))?.pop();
      if (at === undefined) continue;
      pairs.push([place, at]);
      free.words.delete(place);
      free.reference.delete(at);
    }
  }
  return pairs.sort(([a], [b]) => a - b);
}

/** Runs of pairs that are neighbours in both texts. */
function countChunks(pairs: readonly Pair[]): number {
  return pairs.filter(([place, at], index) => {
    const [previous, previousAt] = pairs[index - 1] ?? [Number.NaN, Number.NaN];
    return !(place === previous + 1 && at === previousAt + 1);
  }).length;
}
