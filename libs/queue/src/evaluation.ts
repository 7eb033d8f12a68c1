import { taskReference } from '@prad/tasks';
import { z } from 'zod';
import { generationRequest, type finishReasons } from './generation.js';

/** How a label is chosen: written by the model, or the one that it gives the highest probability. */
export const labelScorings = ['generation', 'likelihood'] as const;

/** What an `evaluate` job finds in the column `settings` of its row: defaults filled in. */
export const evaluationSettings = z.strictObject({
  /** What the rows of the file are; null: prompts with completions, or conversations. */
  task: taskReference.nullable().default(null),
  labelScoring: z.enum(labelScorings).default('generation'),
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
  /** Rows that were left out since they are not the task's, and the first of them. */
  skipped: z.number().int().default(0),
  problems: z
    .array(z.object({ line: z.number().int(), field: z.string().nullable(), message: z.string() }))
    .default([]),
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

/** The data of an event that tells how far one model of an evaluation is. */
export const evaluationStanding = z.object({
  /** 0, 1, 2, ... in the order of the evaluation's models. */
  place: z.number().int(),
  model: z.string(),
  status: z.enum(['waiting', 'running', 'finished']),
  /** Samples that the model has answered, of how many. */
  done: z.number().int(),
  total: z.number().int(),
  shardsDone: z.number().int(),
  shards: z.number().int(),
  /** Since its first request; null where none is measured. */
  rowsPerSecond: z.number().nullable(),
  /** By metric; null before the model has finished. */
  scores: z.record(z.string(), z.number()).nullable(),
});
export type EvaluationStanding = z.infer<typeof evaluationStanding>;

/** One line of the predictions: a sample with what every model said. */
export interface EvaluationPrediction {
  /** Of the sample's first row in the file. */
  readonly line: number;
  readonly references: readonly string[];
  readonly predictions: readonly {
    readonly model: string;
    readonly text: string;
    readonly finishReason: (typeof finishReasons)[number];
    /** Of the task's labels, in their order, where the answer was chosen among them; else null. */
    readonly labelLogProbabilities: readonly number[] | null;
    /** The sample's row of sums, by metric. */
    readonly statistics: Readonly<Record<string, readonly number[]>>;
  }[];
}
