import { z } from 'zod';

/*
 * The options of the adapter methods as an artefact keeps them: those of `nn`, which makes graphs of them, once more as
 * plain data, so that files can be checked without it. `test/numerics/peft.spec.ts` holds them to be the same.
 */

const rank = z.int().min(1).max(4096);
const tokenCount = z.int().min(1).max(1024);
const dropout = z.number().min(0).lt(1).default(0);
const init = z.enum(['identity', 'released']).default('identity');
const targets = z
  .array(z.enum(['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']))
  .min(1);

const layers = z
  .array(z.int().min(0))
  .min(1)
  .refine((chosen) => new Set(chosen).size === chosen.length, { error: 'must differ from each other' })
  .optional();

const tokens = {
  special_tokens: z.array(z.string().min(1).max(64)).max(1024).default([]),
  special_tokens_tied: z.boolean().default(false),
};

const bottleneck = {
  rank: rank.default(16),
  scale: z.union([z.number().positive(), z.literal('learnable')]).default(1),
  site: z.enum(['ffn', 'attention', 'both']).default('ffn'),
  layers,
  form: z.enum(['parallel', 'sequential']).default('parallel'),
  layer_norm: z.enum(['none', 'in', 'out']).default('none'),
  dropout,
  init,
};

const lowRank = {
  rank: rank.default(8),
  alpha: z.number().positive().default(4),
  scaling: z.enum(['none', 'rank', 'rslora']).default('none'),
  targets: targets.optional(),
  layers,
  dropout,
  dropout_at: z.enum(['output', 'input']).default('output'),
  init,
};

const projection = { projection: z.boolean().default(false), projection_size: rank.default(108) };

export const methodOptions = {
  adapter: z.strictObject({ ...bottleneck, ...tokens }),
  lora: z.strictObject({ ...lowRank, ...tokens }),
  dora: z.strictObject({
    ...lowRank,
    detach_norm: z.boolean().default(false),
    scale_bias: z.boolean().default(true),
    ...tokens,
  }),
  prefix: z.strictObject({ length: tokenCount.default(30), ...projection, dropout, ...tokens }),
  prompt: z.strictObject({ length: tokenCount.default(20), ...tokens }),
  mam: z.strictObject({ prefix_length: tokenCount.default(30), ...projection, ...bottleneck, ...tokens }),
  ia3: z.strictObject({ targets: targets.default(['k_proj', 'v_proj', 'down_proj']), layers, ...tokens }),
} as const;

export type MethodName = keyof typeof methodOptions;
export type OptionsOf<M extends MethodName> = z.output<(typeof methodOptions)[M]>;

export function isMethodName(name: string): name is MethodName {
  return Object.hasOwn(methodOptions, name);
}
