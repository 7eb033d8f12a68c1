import { z } from 'zod';
import { MAX_RANK, adapterMethod, adapterMethods, maskScope } from './adapter-method.js';
import { hyperparameters } from './hyperparameters.js';

const pradMethod = z
  .strictObject({
    adapter: adapterMethod.default('adapter').describe('Adapter method.'),
    scope: maskScope.default('prompt').describe('Positions that the adapter acts on.'),
    rank: z
      .number()
      .int()
      .min(1, { error: (issue) => `\`rank\` must be from 1 to ${MAX_RANK}, got ${String(issue.input)}` })
      .max(MAX_RANK, {
        error: (issue) => `\`rank\` must be from 1 to ${MAX_RANK}, got ${String(issue.input)}`,
      })
      .optional()
      .describe('Width of the bottleneck or the low-rank factors; default 16 for adapter, 8 for lora.'),
    scale: z
      .number()
      .positive()
      .max(1000)
      .optional()
      .describe('Factor on the delta; default 1 for adapter, 4 for lora.'),
    targets: z
      .array(z.string().min(1))
      .min(1)
      .max(32)
      .optional()
      .describe('Sites that lora attaches to, for example q_proj; default the attention query and value.'),
    hyperparameters: hyperparameters.default({}),
  })
  .refine((value) => value.targets === undefined || adapterMethods[value.adapter].targets, {
    error: '`targets` is an option of lora: the method adapter always attaches beside the feed-forward block',
    path: ['targets'],
  })
  .meta({ id: 'PradMethod' });

/** How to train; `prad` is the only type, for OpenAI's own types train other things. */
export const fineTuningMethod = z
  .strictObject({
    type: z.literal('prad', {
      error: (issue) =>
        `method type ${JSON.stringify(issue.input ?? null)} is not supported: expected "prad"`,
    }),
    prad: pradMethod.prefault({}),
  })
  .meta({ id: 'FineTuningMethod' });
export type FineTuningMethodRequest = z.infer<typeof fineTuningMethod>;
