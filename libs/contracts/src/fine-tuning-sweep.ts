import { z } from 'zod';
import { createFineTuningJob, fineTuningJobStatus } from './fine-tuning-job.js';
import { listOf } from './pagination.js';

/** Jobs of one sweep. */
export const MAX_SWEEP_RUNS = 64;

function list<Schema extends z.ZodType>(value: Schema) {
  return z
    .array(value)
    .min(1)
    .max(MAX_SWEEP_RUNS)
    .refine((values) => new Set(values).size === values.length, { error: 'must differ from each other' })
    .optional();
}

const sweepLists = z
  .strictObject({
    learning_rate: list(z.number().positive().max(10)),
    rank: list(z.int().min(1)),
    seed: list(z.int().min(0).max(2_147_483_647)),
  })
  .refine(({ learning_rate, rank, seed }) => (learning_rate ?? rank ?? seed) !== undefined, {
    error: 'name at least one list: learning_rate, rank or seed',
  })
  .refine((lists) => runsOf(lists) <= MAX_SWEEP_RUNS, {
    error: ({ input }) =>
      `a sweep has at most ${MAX_SWEEP_RUNS} runs, these lists make ${runsOf(input as Record<string, unknown[]>)}`,
  });

function runsOf(lists: Readonly<Record<string, readonly unknown[] | undefined>>): number {
  return Object.values(lists).reduce((product, values) => product * (values?.length ?? 1), 1);
}

/** Body of `POST /v1/fine_tuning/sweeps`: a job, and lists whose values take the place of the job's own. */
export const createFineTuningSweep = createFineTuningJob
  .safeExtend({
    validation_file: z
      .string({ error: 'a sweep needs a `validation_file`: its runs are compared by the loss on it' })
      .min(1),
    evaluation: z
      .null({
        error:
          'a sweep’s runs are compared by their validation loss: evaluate the best with POST /v1/evaluations',
      })
      .optional(),
    sweep: sweepLists.describe(`Every combination of the lists’ values is a job, at most ${MAX_SWEEP_RUNS}.`),
  })
  .meta({ id: 'CreateFineTuningSweep' });
export type CreateFineTuningSweep = z.infer<typeof createFineTuningSweep>;

const sweepRun = z.object({
  job: z.string().describe('Id of the fine-tuning job.'),
  status: fineTuningJobStatus,
  learning_rate: z.number(),
  rank: z.number().int().nullable(),
  seed: z.number().int(),
  valid_loss: z.number().nullable().describe('The lowest so far, in nats.'),
  progress: z.object({ step: z.number().int(), total: z.number().int() }).nullable(),
  fine_tuned_model: z.string().nullable(),
  error: z.string().nullable(),
});

export const fineTuningSweep = z
  .object({
    id: z.string(),
    object: z.literal('fine_tuning.sweep'),
    created_at: z.number().int(),
    finished_at: z.number().int().nullable(),
    status: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
    cancel_requested: z.boolean(),
    model: z.string(),
    training_file: z.string(),
    validation_file: z.string(),
    suffix: z.string().nullable(),
    sweep: z.object({
      learning_rate: z.array(z.number()).optional(),
      rank: z.array(z.number()).optional(),
      seed: z.array(z.number()).optional(),
    }),
    best_job: z.string().nullable(),
    fine_tuned_model: z.string().nullable().describe('What the best job made, once all have ended.'),
    leaderboard: z.array(sweepRun).describe('All runs, the lowest validation loss first.'),
  })
  .meta({ id: 'FineTuningSweep' });
export type FineTuningSweepObject = z.infer<typeof fineTuningSweep>;

export const fineTuningSweepList = listOf(fineTuningSweep, 'FineTuningSweepList');
