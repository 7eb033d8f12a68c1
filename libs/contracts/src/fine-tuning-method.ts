import { z } from 'zod';
import {
  MAX_RANK,
  adapterInits,
  adapterMethod,
  adapterMethods,
  loraTargets,
  maskScope,
} from './adapter-method.js';
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
      .array(z.enum(loraTargets))
      .min(1)

      .optional()
      .describe(
        'Projections that lora attaches to; default query and value for gpt2, key and value for llama.',
      ),
    layers: z
      .array(z.number().int().min(0))
      .min(1)
      .max(1000)
      .refine((layers) => new Set(layers).size === layers.length, '`layers` must differ from each other')
      .optional()
      .describe('Layers that it attaches to, counted from 0; default all.'),
    init: z
      .enum(adapterInits)
      .default('identity')
      .describe('Start values; identity changes nothing before training.'),
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
