import { adapterOptions, type AdapterMethodName } from '@prad/adapter-options';
import { z } from 'zod';

export { adapterOptions };

/** Adapter methods that can be trained. */
export type AdapterMethod = AdapterMethodName;
export const adapterMethodNames = Object.keys(adapterOptions) as [AdapterMethod, ...AdapterMethod[]];

/** What can be trained: an adapter, or all weights (`full`), which makes a new base model. */
export type TrainingMethod = AdapterMethod | 'full';
export const trainingMethodNames: readonly TrainingMethod[] = [...adapterMethodNames, 'full'];

/**
 * Peak learning rates by default. 1e-3 is that of the released SST-2 configurations, which suit small data sets; what has
 * few numbers, or is read through the attention alone, needs larger steps (PEFT's examples take 8e-3 to 3e-2). 5e-5 for
 * all weights is what most of the released configurations of full tuning take.
 */
export const defaultLearningRates: Readonly<Record<TrainingMethod, number>> = {
  adapter: 1e-3,
  lora: 1e-3,
  dora: 1e-3,
  prefix: 1e-2,
  prompt: 3e-2,
  mam: 1e-3,
  ia3: 1e-2,
  full: 5e-5,
};

/** Mask policies: `prompt` is PrAd, `all` is the conventional method kept for comparison. */
export const maskScopes = ['prompt', 'all'] as const;
export const maskScope = z.enum(maskScopes, {
  error: (issue) =>
    `unknown scope ${JSON.stringify(issue.input ?? null)}: known are ${maskScopes.join(', ')}`,
});
