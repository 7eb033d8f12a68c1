import { taskReference } from '@prad/tasks';
import { z } from 'zod';

/** What a `train` job finds in the column `hyperparameters` of its row: defaults filled in. */
export const trainingSettings = z.strictObject({
  /** What the rows of the files are; null: prompts with completions, or conversations. */
  task: taskReference.nullable().default(null),
  /** Passes over the training file; without effect where `maxSteps` is given. */
  epochs: z.number().int().min(1),
  maxSteps: z.number().int().min(1).optional(),
  batchSize: z.number().int().min(1),
  maxTokensPerBatch: z.number().int().min(2).optional(),
  groupByLength: z.boolean().optional(),
  gradientAccumulationSteps: z.number().int().min(1).optional(),
  /** Whether it may train in one pass with other jobs. */
  pack: z.boolean().optional(),
  /** Peak of the schedule. */
  learningRate: z.number().positive(),
  schedulerType: z.enum(['linear', 'cosine', 'constant']).optional(),
  /** Share of all steps, 0 to 1. */
  warmupRatio: z.number().min(0).max(1),
  warmupSteps: z.number().int().min(0).optional(),
  weightDecay: z.number().min(0),
  maxGradNorm: z.number().positive(),
  labelSmoothing: z.number().min(0).max(1).optional(),
  /** Tokens of the longest example. */
  maxLength: z.number().int().min(2),
  /** 0: only before the first step and after the last; absent: once an epoch. */
  evaluationSteps: z.number().int().min(0).optional(),
  /** 0: only after the last step; absent: with every validation. */
  saveSteps: z.number().int().min(0).optional(),
  /** Checkpoints that are kept besides the best; absent: all. */
  saveTotalLimit: z.number().int().min(1).optional(),
  earlyStoppingPatience: z.number().int().min(1).optional(),
  earlyStoppingThreshold: z.number().min(0).optional(),
  /** Of the order of the examples, and of what dropout drops; the job's own seed where absent. */
  dataSeed: z.number().int().min(0).optional(),
  dropoutSeed: z.number().int().min(0).optional(),
});
export type TrainingSettings = z.infer<typeof trainingSettings>;
