import { z } from 'zod';

/**
 * Adapter methods that can be trained, with the options that each has by default.
 * The values are those of the released SST-2 configurations, which suit small data sets.
 */
export const adapterMethods = {
  adapter: { rank: 16, scale: 1, learning_rate: 1e-3, targets: false },
  lora: { rank: 8, scale: 4, learning_rate: 1e-3, targets: true },
} as const satisfies Record<string, AdapterDefaults>;

export interface AdapterDefaults {
  /** Width of the bottleneck or of the low-rank factors. */
  readonly rank: number;
  /** Factor on the delta. */
  readonly scale: number;
  readonly learning_rate: number;
  /** True where the method attaches to sites of the caller's choice. */
  readonly targets: boolean;
}

export type AdapterMethod = keyof typeof adapterMethods;
const names = Object.keys(adapterMethods) as [AdapterMethod, ...AdapterMethod[]];

export const adapterMethod = z.enum(names, {
  error: (issue) =>
    `unknown adapter method ${JSON.stringify(issue.input ?? null)}: known are ${names.join(', ')}`,
});

/** Mask policies: `prompt` is PrAd, `all` is the conventional method kept for comparison. */
export const maskScopes = ['prompt', 'all'] as const;
export const maskScope = z.enum(maskScopes, {
  error: (issue) =>
    `unknown scope ${JSON.stringify(issue.input ?? null)}: known are ${maskScopes.join(', ')}`,
});

export const MAX_RANK = 1024;

/** Kinds of projections that lora can attach to. */
export const loraTargets = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'down_proj',
] as const;

/** Start values: `identity` changes nothing before training, `released` is what the released code does. */
export const adapterInits = ['identity', 'released'] as const;
