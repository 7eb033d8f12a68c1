import { z } from 'zod';
import { generationRequest, type finishReasons } from './generation.js';

/** What an `evaluate` job finds in the column `settings` of its row: defaults filled in. */
export const evaluationSettings = z.strictObject({
  sampling: generationRequest.shape.sampling,
  /** Most samples, from the start of the file; null takes all. */
  limit: z.number().int().min(1).nullable(),
  /** Resamples of confidence intervals and comparisons. */
  resamples: z.number().int().min(1),
});
export type EvaluationSettings = z.infer<typeof evaluationSettings>;

const interval = z.object({ low: z.number(), high: z.number() });

const score = z.object({
  metric: z.string(),
  higherIsBetter: z.boolean(),
  score: z.number(),
  ...interval.shape,
  /** How the score was made, as sacrebleu writes it. */
  signature: z.string(),
});

const comparison = z.object({
  metric: z.string(),
  /** The model's score less the baseline's. */
  difference: z.number(),
  ...interval.shape,
  pValue: z.number(),
  /** Samples on which the model scores better, worse and the same. */
  wins: z.number().int(),
  losses: z.number().int(),
  ties: z.number().int(),
});

const example = z.object({
  /** Of the sample's first row in the file. */
  line: z.number().int(),
  references: z.array(z.string()),
  baseline: z.string(),
  prediction: z.string(),
  baselineScore: z.number(),
  score: z.number(),
});

/** What an `evaluate` job leaves in the column `result` of its row. */
export const evaluationResult = z.object({
  samples: z.number().int(),
  references: z.number().int(),
  models: z.array(
    z.object({
      model: z.string(),
      scores: z.array(score),
      /** Answers that ended because they were as long as allowed. */
      cutOff: z.number().int(),
      empty: z.number().int(),
      /** With the first model; null for that one. */
      comparisons: z.array(comparison).nullable(),
      /** The samples that the model wins and loses by most in the first metric. */
      wins: z.array(example),
      losses: z.array(example),
    }),
  ),
});
export type EvaluationResult = z.infer<typeof evaluationResult>;

/** One line of the predictions: a sample with what every model said. */
export interface EvaluationPrediction {
  /** Of the sample's first row in the file. */
  readonly line: number;
  readonly references: readonly string[];
  readonly predictions: readonly {
    readonly model: string;
    readonly text: string;
    readonly finishReason: (typeof finishReasons)[number];
    /** The sample's row of sums, by metric. */
    readonly statistics: Readonly<Record<string, readonly number[]>>;
  }[];
}
