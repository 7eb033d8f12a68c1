import type { JsonObject } from './json.js';

/** When what a job trained takes the place of what an alias stands for. */
export interface PromotionGate {
  /** The adapter that gets what is trained as its next version; null: it is an adapter of its own. */
  readonly adapter: string | null;
  readonly alias: string;
  readonly metric: string;
  /** By how much it must be better at least, on the metric's own scale; 0: not worse. */
  readonly minImprovement: number;
  /** How likely the difference may be by chance at most; null: any. */
  readonly significance: number | null;
}

/** An evaluation that runs at a job's end, everything checked when the job was submitted. */
export interface JobEvaluation {
  readonly fileId: string;
  /** sha256 of the file in lower-case hex. */
  readonly fileDigest: string;
  readonly metrics: readonly string[];
  readonly settings: JsonObject;
  /** Null: it only measures. */
  readonly promote: PromotionGate | null;
}

/** What became of a gate. */
export interface Verdict {
  readonly promoted: boolean;
  readonly reason: string;
}

/** The verdict on one version of an adapter. */
export interface Promotion extends Verdict {
  readonly adapter: string;
  readonly version: number;
  readonly alias: string;
  /** What the alias stood for when they were compared; null for none, so that the base model was compared with. */
  readonly comparedWith: number | null;
}

/** One metric of a new adapter beside that of the present one. */
export interface ComparedScore {
  readonly score: number;
  /** The score less the present one's. */
  readonly difference: number;
  /** How likely such a difference is by chance. */
  readonly pValue: number;
  readonly higherIsBetter: boolean;
}

/**
 * A new adapter passes where it is better by at least `minImprovement`, which is 0 unless chosen: then it must not be worse.
 * With `significance` its difference must also be one that chance brings less often than that.
 */
export function judge(
  { metric, minImprovement, significance }: Pick<PromotionGate, 'metric' | 'minImprovement' | 'significance'>,
  { score, difference, pValue, higherIsBetter }: ComparedScore,
): Verdict {
  const improvement = higherIsBetter ? difference : -difference;
  const scores = `${metric} is ${shown(score)} after ${shown(score - difference)}`;
  if (!(improvement >= minImprovement)) {
    const wanted = minImprovement > 0 ? `an improvement of at least ${minImprovement}` : 'at least the same';
    return {
      promoted: false,
      reason: `${scores}, ${improvement < 0 ? 'which is worse' : 'which is too little'}: ${wanted} is needed`,
    };
  }
  // A difference of 0 has no sign that chance could have brought, whatever the bootstrap calls its probability.
  if (significance !== null && !(improvement > 0 && pValue < significance)) {
    const chance = `chance brings such a difference with p = ${shown(pValue)}`;
    return { promoted: false, reason: `${scores}, but ${chance}: less than ${significance} is needed` };
  }
  return { promoted: true, reason: scores };
}

function shown(value: number): string {
  return String(Number(value.toFixed(4)));
}
