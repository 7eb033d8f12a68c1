import { z } from 'zod';

const count = z.number().int();

/** What a job would take, before it is submitted: the answer of `POST /v1/fine_tuning/estimate`. */
export const fineTuningEstimate = z
  .object({
    object: z.literal('fine_tuning.estimate'),
    model: z.string(),
    trainable_parameters: count.nullable().describe('Null where the base does not tell its layout.'),
    rows: count,
    sampled_rows: count.describe('Rows that were tokenised; the others are taken to be like them.'),
    tokens_per_epoch: count,
    total_tokens: count.describe('Tokens that pass through the model in training, validation not counted.'),
    longest_row: count.describe('Tokens of the longest row that was tokenised.'),
    steps: count,
    epochs: z.number(),
    memory_bytes: count.nullable().describe('Resident memory of the worker at its peak, about.'),
    tokens_per_second: z.number().nullable(),
    seconds: z
      .number()
      .nullable()
      .describe('Time of training on one worker, waiting and validation not counted.'),
    time_basis: z
      .enum(['model', 'other_models'])
      .nullable()
      .describe(
        'Jobs whose measured speed it is made from: those on this model or, scaled by the number of weights, on others; null where none was measured.',
      ),
    measured_jobs: count.describe('How many jobs that speed comes from.'),
    workers: z
      .array(z.object({ id: z.string(), device: z.string(), busy: z.boolean() }))
      .describe('Living workers that train.'),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'FineTuningEstimate' });
export type FineTuningEstimateObject = z.infer<typeof fineTuningEstimate>;
