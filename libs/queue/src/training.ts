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
