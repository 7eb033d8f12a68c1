import { defineMeanMetric, type Metric } from '../metric.js';
import { countNgrams, overlap, total } from '../text/ngrams.js';
import { captionTokens } from '../text/caption-tokens.js';
import { porterStem } from '../text/porter-stemmer.js';
import { commonLength, commonPlaces } from './longest-common-subsequence.js';

export type RougeName = 'rouge1' | 'rouge2' | 'rougeL' | 'rougeLsum';

export interface RougeOptions {
  /** Whether words of more than three letters are compared by their stems. */
  readonly stemmer?: boolean;
}

/** ROUGE (Lin 2004) as rouge-score computes it: mean F1, 0 to 1, of the reference that gives the most. */
export function rouge(name: RougeName, { stemmer = false }: RougeOptions = {}): Metric {
  const tokens = (text: string) => rougeTokens(text, stemmer);
  const score = rougeScores[name];
  return defineMeanMetric({
    name,
    higherIsBetter: true,
    settings: { case: 'lc', tok: 'rouge-score', stem: stemmer, f: 1 },
    scores: (samples) =>
      samples.map(({ prediction, references }) =>
        Math.max(...references.map((reference) => score(reference, prediction, tokens))),
      ),
  });
}

/** ROUGE-L of the COCO caption scorer, which the E2E challenge reports: F with beta 1.2, 0 to 1, over all references. */
export function rougeLCaption(): Metric {
  const beta = 1.2 ** 2;
  // The original splits an empty caption into one empty word.
  const words = (text: string) => captionTokens(text).join(' ').split(' ');
  return defineMeanMetric({
    name: 'rougeL_caption',
    higherIsBetter: true,
    settings: { case: 'lc', tok: 'caption', beta: 1.2 },
    scores: (samples) =>
      samples.map(({ prediction, references }) => {
        const predicted = words(prediction);
        const pairs = references.map(words).map((reference) => {
          const common = commonLength(reference, predicted);
          return { precision: common / predicted.length, recall: common / reference.length };
        });
        const precision = Math.max(...pairs.map((pair) => pair.precision));
        const recall = Math.max(...pairs.map((pair) => pair.recall));
        return precision === 0 || recall === 0
          ? 0
          : ((1 + beta) * precision * recall) / (recall + beta * precision);
      }),
  });
}

function rougeTokens(text: string, stemmer: boolean): string[] {
  return text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((token) => token !== '')
    .map((token) => (stemmer && token.length > 3 ? porterStem(token) : token));
}

type Tokens = (text: string) => string[];

const rougeScores: Readonly<
  Record<RougeName, (reference: string, prediction: string, tokens: Tokens) => number>
> = {
  rouge1: (reference, prediction, tokens) => ngramScore(tokens(reference), tokens(prediction), 1),
  rouge2: (reference, prediction, tokens) => ngramScore(tokens(reference), tokens(prediction), 2),
  rougeL: (reference, prediction, tokens) => {
    const [right, predicted] = [tokens(reference), tokens(prediction)];
    return f1(commonLength(right, predicted), predicted.length, right.length);
  },
  rougeLsum: (reference, prediction, tokens) => {
    const lines = (text: string) => text.split('\n').map(tokens);
    return summaryScore(lines(reference), lines(prediction));
  },
};

function ngramScore(reference: readonly string[], prediction: readonly string[], order: number): number {
  const [right, predicted] = [countNgrams(reference, order), countNgrams(prediction, order)];
  return f1(overlap(predicted, right), total(predicted.values()), total(right.values()));
}

/** Union of the longest common subsequences of each line with all predicted lines; no word counts twice. */
function summaryScore(reference: readonly string[][], prediction: readonly string[][]): number {
  const left = countNgrams(reference.flat(), 1);
  const predictedLeft = countNgrams(prediction.flat(), 1);
  let hits = 0;
  for (const line of reference) {
    const places = new Set(prediction.flatMap((predicted) => commonPlaces(line, predicted)));
    for (const place of [...places].sort((a, b) => a - b)) {
      const word = line[place] ?? '';
      const [mine, theirs] = [left.get(word) ?? 0, predictedLeft.get(word) ?? 0];
      if (mine === 0 || theirs === 0) continue;
      hits += 1;
      left.set(word, mine - 1);
      predictedLeft.set(word, theirs - 1);
    }
  }
  return f1(hits, prediction.flat().length, reference.flat().length);
}

/** The harmonic mean of hits over what was predicted and over what was right. */
function f1(hits: number, predicted: number, right: number): number {
  return hits === 0 ? 0 : (2 * hits) / (predicted + right);
}
