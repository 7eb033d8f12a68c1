import { z } from 'zod';

/** Training settings that are filled in where the caller gives none. */
export const hyperparameterDefaults = {
  n_epochs: 10,
  batch_size: 32,
  group_by_length: true,
  gradient_accumulation_steps: 1,
  pack: false,
  lr_scheduler_type: 'linear',
  warmup_ratio: 0.06,
  weight_decay: 0,
  max_grad_norm: 1,
  label_smoothing_factor: 0,
} as const;

/** OpenAI's clients write `auto` for "the default". */
function auto<Schema extends z.ZodType>(schema: Schema) {
  return z.union([z.literal('auto').transform(() => undefined), schema]).optional();
}

/** How the learning rate goes on after the warm-up, by Hugging Face's names. */
export const lrSchedulerTypes = ['linear', 'cosine', 'constant'] as const;

const seed = z.number().int().min(0).max(2_147_483_647).optional();
const steps = z.number().int().min(1).max(10_000_000);

export const hyperparameters = z
  .strictObject({
    n_epochs: auto(z.number().int().min(1).max(10_000)).describe('Passes over the data; default 10.'),
    max_steps: steps.optional().describe('Optimiser steps, instead of n_epochs.'),
    batch_size: auto(z.number().int().min(1).max(4096)).describe(
      'Examples a step, at most; default 32, or no limit of their own where max_tokens_per_batch is given.',
    ),
    max_tokens_per_batch: z
      .number()
      .int()
      .min(2)
      .max(16_777_216)
      .optional()
      .describe('Positions a step at most, padding counted: long examples then make small batches.'),
    group_by_length: z
      .boolean()
      .optional()
      .describe(
        'Puts examples of about equal length into a batch, so that little of it is padding; default true.',
      ),
    gradient_accumulation_steps: z
      .number()
      .int()
      .min(1)
      .max(4096)
      .optional()
      .describe('Computes each batch in so many passes: the same result in less memory; default 1.'),
    pack: z
      .boolean()
      .optional()
      .describe(
        'Lets the job train in one pass with waiting jobs of the same base model, method and options that allow it, too: small jobs end sooner, with the same result to rounding; default false.',
      ),
    learning_rate: auto(z.number().positive().max(10)).describe('Peak of the schedule; default by method.'),
    lr_scheduler_type: z
      .enum(lrSchedulerTypes)
      .optional()
      .describe('After the warm-up: linear or cosine to 0, or constant; default linear.'),
    warmup_ratio: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('Share of the steps that warm up; default 0.06.'),
    warmup_steps: z
      .number()
      .int()
      .min(0)
      .max(10_000_000)
      .optional()
      .describe('Steps that warm up, instead of warmup_ratio.'),
    weight_decay: z.number().min(0).max(1).optional().describe('Of AdamW; default 0.'),
    max_grad_norm: z.number().positive().optional().describe('Clip by global L2 norm; default 1.'),
    label_smoothing_factor: z
      .number()
      .min(0)
      .max(0.99)
      .optional()
      .describe('Share of a label’s probability that is spread over the vocabulary in training; default 0.'),
    max_length: z
      .number()
      .int()
      .min(2)
      .max(1_048_576)
      .optional()
      .describe('Longest example in tokens; default the context of the base model.'),
    evaluation_steps: z
      .number()
      .int()
      .min(0)
      .max(10_000_000)
      .optional()
      .describe('Steps between validations, 0 for only the first and the last; default once an epoch.'),
    save_steps: z
      .number()
      .int()
      .min(0)
      .max(10_000_000)
      .optional()
      .describe('Steps between checkpoints, 0 for only the last; default with every validation.'),
    save_total_limit: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe('Newest checkpoints that are kept, besides the best; default all, of `full` one.'),
    early_stopping_patience: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe('Ends after so many validations in a row without a lower loss; default never.'),
    early_stopping_threshold: z
      .number()
      .min(0)
      .optional()
      .describe('By how much the loss must fall to count as lower, in nats; default 0.'),
    data_seed: seed.describe('Of the order of the examples; default the seed of the job.'),
    dropout_seed: seed.describe('Of dropout; default the seed of the job.'),
  })
  .refine((value) => value.n_epochs === undefined || value.max_steps === undefined, {
    message: 'give n_epochs or max_steps, not both',
    path: ['max_steps'],
  })
  .refine((value) => value.warmup_ratio === undefined || value.warmup_steps === undefined, {
    message: 'give warmup_ratio or warmup_steps, not both',
    path: ['warmup_steps'],
  })
  .refine(
    ({ early_stopping_threshold: threshold, early_stopping_patience: patience }) =>
      threshold === undefined || patience !== undefined,
    { message: 'early_stopping_threshold needs early_stopping_patience', path: ['early_stopping_threshold'] },
  )
  .meta({ id: 'Hyperparameters' });
export type Hyperparameters = z.infer<typeof hyperparameters>;
