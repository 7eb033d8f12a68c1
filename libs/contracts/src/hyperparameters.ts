import { z } from 'zod';

/** Training settings that are filled in where the caller gives none. */
export const hyperparameterDefaults = {
  n_epochs: 10,
  batch_size: 32,
  warmup_ratio: 0.06,
  weight_decay: 0,
  max_grad_norm: 1,
} as const;

/** OpenAI's clients write `auto` for "the default". */
function auto<Schema extends z.ZodType>(schema: Schema) {
  return z.union([z.literal('auto').transform(() => undefined), schema]).optional();
}

const steps = z.number().int().min(1).max(10_000_000);

export const hyperparameters = z
  .strictObject({
    n_epochs: auto(z.number().int().min(1).max(10_000)).describe('Passes over the data; default 10.'),
    max_steps: steps.optional().describe('Optimiser steps, instead of n_epochs.'),
    batch_size: auto(z.number().int().min(1).max(4096)).describe('Examples a step; default 32.'),
    learning_rate: auto(z.number().positive().max(10)).describe('Peak of the schedule; default by method.'),
    warmup_ratio: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('Share of the steps that warm up; default 0.06.'),
    weight_decay: z.number().min(0).max(1).optional().describe('Of AdamW; default 0.'),
    max_grad_norm: z.number().positive().optional().describe('Clip by global L2 norm; default 1.'),
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
  })
  .refine((value) => value.n_epochs === undefined || value.max_steps === undefined, {
    message: 'give n_epochs or max_steps, not both',
    path: ['max_steps'],
  })
  .meta({ id: 'Hyperparameters' });
export type Hyperparameters = z.infer<typeof hyperparameters>;
