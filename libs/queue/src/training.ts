import { z } from 'zod';

/** What a `train` job finds in the column `hyperparameters` of its row: defaults filled in. */
export const trainingSettings = z.strictObject({
  /** Passes over the training file; without effect where `maxSteps` is given. */
  epochs: z.number().int().min(1),
  maxSteps: z.number().int().min(1).optional(),
  batchSize: z.number().int().min(1),
  /** Peak of the linear schedule. */
  learningRate: z.number().positive(),
  /** Share of all steps, 0 to 1. */
  warmupRatio: z.number().min(0).max(1),
  weightDecay: z.number().min(0),
  maxGradNorm: z.number().positive(),
  /** Tokens of the longest example. */
  maxLength: z.number().int().min(2),
  /** 0: only before the first step and after the last. */
  evaluationSteps: z.number().int().min(0),
});
export type TrainingSettings = z.infer<typeof trainingSettings>;

/** What a `train` job finds in the column `options`: the options of the adapter method, which its own schema checks. */
export const methodOptions = z.strictObject({
  rank: z.number().int().min(1),
  scale: z.number().positive(),
  init: z.enum(['identity', 'released']),
  targets: z.array(z.string()).optional(),
  layers: z.array(z.number().int().min(0)).optional(),
});
export type MethodOptions = z.infer<typeof methodOptions>;
