import { defineMetric, type Metric, type Sample } from '../metric.js';
import { countOrders, mostOften, overlap } from '../text/ngrams.js';
import { lowerAscii, type Tokeniser, tokenisers, type TokeniserName } from '../text/tokenisers.js';

/** What an order without a match counts as (Chen and Cherry 2014): half of the last one, a constant, or one more. */
export type Smoothing = 'exp' | 'floor' | 'add-k' | 'none';

export interface BleuOptions {
  readonly tokenize?: TokeniserName;
  readonly lowercase?: boolean;
  readonly smooth?: Smoothing;
  /** Of `floor` (0.1 by default) and `add-k` (1). */
  readonly smoothValue?: number;
  /** Leave out the orders that the prediction is too short for; wanted for single sentences. */
  readonly effectiveOrder?: boolean;
  readonly maxOrder?: number;
}

const smoothDefaults = { exp: undefined, floor: 0.1, 'add-k': 1, none: undefined };
const EMPTY = -9_999_999_999;

/** BLEU (Papineni et al. 2002) as sacrebleu computes it, 0 to 100. */
export function bleu(options: BleuOptions = {}): Metric {
  const {
    tokenize = '13a',
    lowercase = false,
    smooth = 'exp',
    effectiveOrder = false,
    maxOrder = 4,
  } = options;
  const smoothValue = options.smoothValue ?? smoothDefaults[smooth];
  const tokens = (text: string) => tokenisers[tokenize](lowercase ? text.toLowerCase() : text);
  return defineMetric({
    name: 'bleu',
    higherIsBetter: true,
    settings: {
      case: lowercase ? 'lc' : 'mixed',
      eff: effectiveOrder,
      tok: tokenize,
      smooth: smoothValue === undefined ? smooth : `${smooth}[${smoothValue.toFixed(2)}]`,
    },
    statistics: (samples) => samples.map((sample) => matchRow(sample, tokens, maxOrder)),
    score: (sums) => {
      const { lengths, matched, counted } = readRow(sums, maxOrder);
      if (matched.every((count) => count === 0)) return 0;
      const logs = logPrecisions(matched, counted, smooth, smoothValue ?? 0);
      const orders = effectiveOrder ? Math.max(logs.length, 1) : maxOrder;
      const missing = (maxOrder - logs.length) * (effectiveOrder ? 0 : EMPTY);
      const sum = logs.reduce((all, log) => all + log, missing);
      return 100 * brevityPenalty(lengths) * Math.exp(sum / orders);
    },
  });
}

/** BLEU of NIST's mteval-v13a, 0 to 1: lower-cased, exponential smoothing, orders without an n-gram count as right. */
export function bleuMteval(): Metric {
  const tokens = mtevalTokens;
  return defineMetric({
    name: 'bleu_mteval',
    higherIsBetter: true,
    settings: { case: 'lc', tok: '13a', smooth: 'exp', brevity: 'closest' },
    statistics: (samples) => samples.map((sample) => matchRow(sample, tokens, 4)),
    score: (sums) => {
      const { lengths, matched, counted } = readRow(sums, 4);
      const logs = logPrecisions(matched, counted, 'exp', 0);
      return brevityPenalty(lengths) * Math.exp(logs.reduce((all, log) => all + log, 0) / 4);
    },
  });
}

export function mtevalTokens(text: string): string[] {
  return tokenisers['13a'](lowerAscii(text));
}

/** Length, closest reference length, matches of each order, n-grams of each order. */
function matchRow({ prediction, references }: Sample, tokens: Tokeniser, maxOrder: number): number[] {
  const words = tokens(prediction);
  const allowed = references.map(tokens);
  const referenceOrders = allowed.map((reference) => countOrders(reference, maxOrder));
  const counts = countOrders(words, maxOrder);
  const matched = counts.map((ngrams, index) =>
    overlap(ngrams, mostOften(referenceOrders.flatMap((orders) => orders.slice(index, index + 1)))),
  );
  const counted = counts.map((_, index) => Math.max(words.length - index, 0));
  return [
    words.length,
    closest(
      words.length,
      allowed.map(({ length }) => length),
    ),
    ...matched,
    ...counted,
  ];
}

/** The reference length that is nearest; the shorter one of two. */
function closest(length: number, lengths: readonly number[]): number {
  return lengths.reduce((best, other) => {
    const nearer = Math.abs(length - other) - Math.abs(length - best);
    return nearer < 0 || (nearer === 0 && other < best) ? other : best;
  });
}

function readRow(sums: readonly number[], maxOrder: number) {
  return {
    lengths: sums.slice(0, 2),
    matched: sums.slice(2, 2 + maxOrder),
    counted: sums.slice(2 + maxOrder),
  };
}

function brevityPenalty([length = 0, reference = 0]: readonly number[]): number {
  if (length >= reference) return 1;
  return length === 0 ? 0 : Math.exp(1 - reference / length);
}

/** The logarithm of each order's precision, up to the first order that has no n-gram. */
function logPrecisions(
  matched: readonly number[],
  counted: readonly number[],
  smooth: Smoothing,
  value: number,
): number[] {
  const logs: number[] = [];
  let halved = 1;
  for (const [index, matches] of matched.entries()) {
    const more = smooth === 'add-k' && index > 0 ? value : 0;
    const [hits, all] = [matches + more, (counted[index] ?? 0) + more];
    if (all === 0) break;
    if (hits === 0 && smooth === 'exp') halved *= 2;
    const smoothed = hits > 0 ? hits : smooth === 'exp' ? 1 / halved : smooth === 'floor' ? value : 0;
    logs.push(smoothed === 0 ? EMPTY : Math.log(smoothed / all));
  }
  return logs;
}
