import { AppError } from '@prad/errors';
import { anyOfEightAbove, argMax } from './arg-max.js';
import type { LogitsRules } from './logits-processor.js';
import { exponential } from './exponential.js';
import { uniform } from './random.js';
import type { TokenLikelihood } from './token-event.js';
import { weighedLogits, type WeighedLogits } from './weighed-logits.js';

/** How the next token is chosen: logits rules, temperature, top-k, top-p, then min-p, as transformers orders them. */
export interface Sampling extends LogitsRules {
  /** 0 = the most likely token. */
  readonly temperature: number;
  /** The most likely tokens that stay; 0 = all. */
  readonly topK: number;
  /** The smallest set of most likely tokens that holds this probability stays; 1 = all. */
  readonly topP: number;
  /** Tokens of less than this share of the likeliest one's probability go (arXiv 2407.01082); 0, the default, keeps all. */
  readonly minP?: number | undefined;
  readonly seed: number;
}

/** Which token of which answer is chosen; both pick the random number. */
export interface SamplePlace {
  /** Of the token in the answer, from 0. */
  readonly index: number;
  readonly choice?: number;
  /** The place of the largest logit, where it is known. */
  readonly largest?: number | undefined;
}

/** The likeliest token ids, likeliest first, with weights of which the first is 1. */
interface Candidates {
  readonly ids: Uint32Array;
  readonly weights: Float64Array;
}

/**
 * Chooses a token.
 * @param logits [V], as the logits rules left them.
 * @throws AppError bug `logits_not_finite` where no logit is a number.
 */
export function sample(
  logits: Float32Array,
  sampling: Sampling,
  { index, choice = 0, largest: found }: SamplePlace,
): number {
  const best = likeliest(logits, found);
  if (sampling.temperature === 0 || sampling.topK === 1) return best;
  const highest = logits[best] ?? 0;
  const u = uniform(sampling.seed, index, choice);
  const { topK } = sampling;
  return topK > 0 && topK < logits.length
    ? drawOfFew(logits, highest, sampling, u)
    : drawOfAll(logits, highest, sampling, u);
}

/** Natural logarithm of a token's probability. @throws AppError bug `logits_not_finite` where no logit is a number. */
export function logProbability(logits: Float32Array, tokenId: number): number {
  const { highest, logTotal } = softmaxScale(logits);
  return (logits[tokenId] ?? Number.NEGATIVE_INFINITY) - highest - logTotal;
}

/** A token's log-probability and those of the `count` likeliest tokens. @throws as `logProbability`. */
export function likelihoodOf(logits: Float32Array, tokenId: number, count: number): TokenLikelihood {
  const { highest, logTotal } = softmaxScale(logits);
  const logprobOf = (id: number): number => (logits[id] ?? Number.NEGATIVE_INFINITY) - highest - logTotal;
  const likeliest = count > 0 ? largest(logits, Math.min(count, logits.length)) : [];
  const top = Array.from(likeliest, (id) => ({ tokenId: id, logprob: logprobOf(id) }));
  return { logprob: logprobOf(tokenId), top };
}

/** What makes logits logarithms of probabilities: logit - highest - logTotal. @throws as `logProbability`. */
export function softmaxScale(logits: Float32Array): { readonly highest: number; readonly logTotal: number } {
  const highest = logits[likeliest(logits)] ?? 0;
  let total = 0;
  for (const logit of logits) total += exponential(logit - highest);
  return { highest, logTotal: Math.log(total) };
}

/** The place of the largest, `found` where it is known. */
function likeliest(logits: Float32Array, found = argMax(logits)): number {
  if (found >= 0 && (logits[found] ?? Number.NaN) < Number.POSITIVE_INFINITY) return found;
  throw new AppError({
    kind: 'bug',
    code: 'logits_not_finite',
    message: `the model gave ${logits.length} logits of which the largest is not a finite number`,
  });
}

let weighed: WeighedLogits | undefined;

function drawOfAll(logits: Float32Array, highest: number, sampling: Sampling, u: number): number {
  const { temperature, topP, minP = 0 } = sampling;
  // A vocabulary's memory is used again: taking half a megabyte for each token would cost as much as the sums.
  if (weighed?.vocabSize !== logits.length) weighed = weighedLogits(logits.length);
  weighed.weigh(logits, highest, temperature);
  if (topP < 1) weighed.keepNucleus(topP);
  if (minP > 0) weighed.keepAbove(minP);
  return weighed.draw(u);
}

function drawOfFew(logits: Float32Array, highest: number, sampling: Sampling, u: number): number {
  const { temperature, topK, topP, minP = 0 } = sampling;
  const ids = largest(logits, topK);
  const weights = Float64Array.from(ids, (id) => exponential(((logits[id] ?? 0) - highest) / temperature));
  const likely = nucleus({ ids, weights }, topP);
  return draw(minP > 0 ? above(likely, minP) : likely, u);
}

/** The ids of the `count` largest logits, largest first, equals by id. A heap, and eight at a time past what is no larger than its least. */
export function largest(logits: Float32Array, count: number): Uint32Array {
  const at = (id: number): number => logits[id] ?? 0;
  // `a` is dropped before `b`: the heap's root is the weakest that was kept.
  const weaker = (a: number, b: number): boolean => at(a) < at(b) || (at(a) === at(b) && a > b);
  const heap = new Uint32Array(count);
  const sift = (start: number): void => {
    const moved = heap[start] ?? 0;
    let place = start;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= count) break;
      if (child + 1 < count && weaker(heap[child + 1] ?? 0, heap[child] ?? 0)) child++;
      if (!weaker(heap[child] ?? 0, moved)) break;
      heap[place] = heap[child] ?? 0;
      place = child;
    }
    heap[place] = moved;
  };
  for (let id = 0; id < count; id++) heap[id] = id;
  for (let place = (count >> 1) - 1; place >= 0; place--) sift(place);
  for (let id = count; id < logits.length; id++) {
    const least = at(heap[0] ?? 0);
    while (id + 8 <= logits.length && !anyOfEightAbove(logits, id, least)) id += 8;
    if (id >= logits.length || !weaker(heap[0] ?? 0, id)) continue;
    heap[0] = id;
    sift(0);
  }
  return heap.sort((a, b) => at(b) - at(a) || a - b);
}

/** Keeps the head of sorted candidates that first reaches the share `topP` of their weight. */
function nucleus({ ids, weights }: Candidates, topP: number): Candidates {
  if (topP >= 1) return { ids, weights };
  const wanted = topP * sum(weights);
  let kept = 0;
  for (let held = 0; held < wanted && kept < ids.length; kept++) held += weights[kept] ?? 0;
  return { ids: ids.subarray(0, kept), weights: weights.subarray(0, kept) };
}

/** The head of sorted candidates that weighs at least `least` each. */
function above({ ids, weights }: Candidates, least: number): Candidates {
  const below = weights.findIndex((weight) => !(weight >= least));
  const kept = below < 0 ? ids.length : below;
  return { ids: ids.subarray(0, kept), weights: weights.subarray(0, kept) };
}

/** The id at which the running sum of weights passes the share `u` of their total. */
function draw({ ids, weights }: Candidates, u: number): number {
  const wanted = u * sum(weights);
  let held = 0;
  let last = 0;
  for (let i = 0; i < ids.length; i++) {
    const weight = weights[i] ?? 0;
    held += weight;
    if (weight > 0) last = ids[i] ?? 0;
    if (held > wanted) break;
  }
  return last;
}

function sum(weights: Float64Array): number {
  let total = 0;
  for (const weight of weights) total += weight;
  return total;
}
