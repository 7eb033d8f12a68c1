import { AppError } from '@prad/errors';
import { largest, softmaxScale } from './sampling.js';

/** Beam search by the names of transformers' `GenerationConfig`. */
export interface BeamOptions {
  /** Sequences that are kept from step to step, at least 2. */
  readonly numBeams: number;
  /** Scores are divided by length ** this: above 0 favours long answers, below 0 short ones. */
  readonly lengthPenalty: number;
  /**
   * When `numBeams` hypotheses have ended: true stops, false stops when the best beam, at its length, is no better
   * than the worst of them, `never` when it cannot be at any length.
   */
  readonly earlyStopping: boolean | 'never';
  /** Hypotheses that are given back, best first. */
  readonly numReturnSequences: number;
}

/** When a sequence ends. */
export interface EndRules {
  /** Most tokens of one. */
  readonly limit: number;
  readonly endTokens: ReadonlySet<number>;
  /** Whether the last token completes a stop string. */
  readonly stops: (tokens: readonly number[]) => boolean;
}

/** A sequence that goes on, and the log-probability of its tokens. */
export interface Beam {
  readonly tokens: readonly number[];
  readonly score: number;
  /** The place among the beams of the step before of the one that it continues. */
  readonly parent: number;
}

/** A sequence that has ended, and its log-probability divided by the length penalty. */
export interface Hypothesis {
  readonly tokens: readonly number[];
  readonly score: number;
}

/** What transformers takes for a score that nothing has. */
const NOTHING = -1e9;

/**
 * Beam search as transformers 5 does it (`GenerationMixin._beam_search`) for one prompt: of all continuations the best
 * (1 + end tokens) * numBeams are looked at, at least 2 * numBeams; those that end and are among the first
 * numBeams become hypotheses, of which the best numBeams stay; the best numBeams of the others go on. Scores are float32, as
 * there. Among equal scores the earlier beam comes first, then the lower id; there it is left to torch.topk.
 */
export class BeamSearch {
  #beams: readonly Beam[] = [{ tokens: [], score: 0, parent: 0 }];
  #hypotheses: readonly Hypothesis[] = [];
  #done = false;

  constructor(
    private readonly options: Omit<BeamOptions, 'numReturnSequences'>,
    private readonly rules: EndRules,
  ) {}

  /** Those that go on, best first; at the beginning a single one, without tokens. */
  get beams(): readonly Beam[] {
    return this.#beams;
  }

  /** Best first. */
  get hypotheses(): readonly Hypothesis[] {
    return this.#hypotheses;
  }

  get done(): boolean {
    return this.#done;
  }

  /**
   * Continues every beam by a token.
   * @param logits [V] behind each of `beams`.
   * @throws AppError invalid `too_many_beams` where the vocabulary has too few tokens, bug `logits_not_finite`.
   */
  step(logits: readonly Float32Array[]): void {
    const { numBeams } = this.options;
    const candidates = this.#candidates(logits).map((beam) => ({ ...beam, ends: this.#ends(beam.tokens) }));
    const ended = candidates.slice(0, numBeams).filter(({ ends }) => ends);
    this.#beams = candidates.filter(({ ends }) => !ends).slice(0, numBeams);
    const hypotheses = ended.map(({ tokens, score }) => ({
      tokens,
      score: this.#penalised(score, tokens.length),
    }));
    this.#hypotheses = [...this.#hypotheses, ...hypotheses].sort(byScore).slice(0, numBeams);
    this.#done = !this.#goesOn();
  }

  /** The best continuations of all beams, best first. */
  #candidates(logits: readonly Float32Array[]): Beam[] {
    const { numBeams } = this.options;
    const count = Math.max(2, 1 + this.rules.endTokens.size) * numBeams;
    const best = this.#beams.flatMap(({ score, tokens }, parent) => {
      const row = logits[parent] ?? new Float32Array();
      if (row.length < count) throw tooFewTokens(numBeams, count, row.length);
      const logProbability = logSoftmax(row);
      return Array.from(largest(row, count), (token) => ({
        ...{ parent, token, before: tokens },
        score: Math.fround(logProbability(token) + score),
      }));
    });
    best.sort((a, b) => byScore(a, b) || a.parent - b.parent || a.token - b.token);
    return best
      .slice(0, count)
      .map(({ before, token, score, parent }) => ({ tokens: [...before, token], score, parent }));
  }

  #ends(tokens: readonly number[]): boolean {
    const { limit, endTokens, stops } = this.rules;
    return tokens.length >= limit || endTokens.has(tokens.at(-1) ?? -1) || stops(tokens);
  }

  #penalised(score: number, length: number): number {
    return Math.fround(score / Math.fround(length ** this.options.lengthPenalty));
  }

  /** Whether a beam is left that could become a better hypothesis than the worst. */
  #goesOn(): boolean {
    const { numBeams, earlyStopping, lengthPenalty } = this.options;
    const [best] = this.#beams;
    const full = this.#hypotheses.length >= numBeams;
    if (!best || (full && earlyStopping === true)) return false;
    const farthest = earlyStopping === 'never' && lengthPenalty > 0;
    const length = farthest ? this.rules.limit : best.tokens.length;
    const worst = full ? (this.#hypotheses.at(-1)?.score ?? NOTHING) : NOTHING;
    return this.#penalised(best.score, length) > worst;
  }
}

function byScore(a: { readonly score: number }, b: { readonly score: number }): number {
  return b.score - a.score;
}

/** log(softmax(logits)) of a token, in float32. */
function logSoftmax(logits: Float32Array): (token: number) => number {
  const { highest, logTotal } = softmaxScale(logits);
  const subtracted = Math.fround(logTotal);
  return (token) => Math.fround(Math.fround((logits[token] ?? 0) - highest) - subtracted);
}

function tooFewTokens(numBeams: number, count: number, vocabulary: number): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'too_many_beams',
    message: `num_beams ${numBeams} looks at the ${count} best tokens, and the model knows ${vocabulary}`,
    details: { param: 'num_beams' },
  });
}
