import { z } from 'zod';

/** The largest rank of any method, and the widest layer that is only used in training. */
const MAX_RANK = 4096;
const MAX_VIRTUAL_TOKENS = 1024;

/** Kinds of projections in a layer; GPT-2's fused ones go by these names too. */
export const projectionKinds = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'down_proj',
] as const;

/** Start values: `identity` changes nothing at step 0; `released` is N(0, 0.02^2), what the released code does. */
export const adapterInits = ['identity', 'released'] as const;

const wholeNumber = (most: number) => {
  const error = (issue: { input?: unknown }): string =>
    `must be a whole number from 1 to ${most}, got ${JSON.stringify(issue.input)}`;
  return z.int({ error }).min(1, { error }).max(most, { error });
};

const distinct = (values: readonly unknown[]): boolean => new Set(values).size === values.length;

/** Fields that several methods have. */
export const field = {
  rank: (standard: number) =>
    wholeNumber(MAX_RANK)
      .default(standard)
      .describe('Width of the bottleneck or of the low-rank factors, at most the hidden size of the model.'),
  length: (standard: number) =>
    wholeNumber(MAX_VIRTUAL_TOKENS).default(standard).describe('Positions that are put in front.'),
  layers: z
    .array(z.int().min(0))
    .min(1)
    .refine(distinct, { error: 'must differ from each other' })
    .optional()
    .describe('Layers that it attaches to, counted from 0; all by default.'),
  targets: z.array(z.enum(projectionKinds)).min(1),
  dropout: z.number().min(0).lt(1).default(0).describe('Share of numbers that are dropped in training.'),
  init: z
    .enum(adapterInits)
    .default('identity')
    .describe('Start values: identity changes nothing before training, released is N(0, 0.02^2).'),
};

/** Options of a bottleneck. */
export const bottleneckFields = {
  rank: field.rank(16),
  scale: z
    .union([z.number().positive(), z.literal('learnable')])
    .default(1)
    .describe('Factor on the change, or "learnable": a trained one for each module that starts at 1.'),
  site: z
    .enum(['ffn', 'attention', 'both'])
    .default('ffn')
    .describe('Branches of a layer that have a bottleneck.'),
  layers: field.layers,
  form: z
    .enum(['parallel', 'sequential'])
    .default('parallel')
    .describe("Whether it reads the branch's normed input or the branch's output."),
  layer_norm: z
    .enum(['none', 'in', 'out'])
    .default('none')
    .describe('A layer norm on what it reads, or on what it makes.'),
  dropout: field.dropout,
  init: field.init,
};

/** Options of low-rank factors. */
export const lowRankFields = {
  rank: field.rank(8),
  alpha: z.number().positive().default(4).describe('Factor on the product of the two matrices.'),
  scaling: z
    .enum(['none', 'rank', 'rslora'])
    .default('none')
    .describe('What alpha is divided by: nothing (the released code), the rank (LoRA), its root (rsLoRA).'),
  targets: field.targets
    .optional()
    .describe('Projections that it attaches to; by default those of the released code.'),
  layers: field.layers,
  dropout: field.dropout,
  dropout_at: z
    .enum(['output', 'input'])
    .default('output')
    .describe("The released code drops from the branch's output, PEFT from its input."),
  init: field.init,
};

/** Options of a re-parametrised prefix. */
export const projectionFields = {
  projection: z
    .boolean()
    .default(false)
    .describe('Train the prefix through an MLP, of which only the result is kept.'),
  projection_size: wholeNumber(MAX_RANK).default(108).describe('Width of that MLP.'),
};

/** What every method has. */
export const tokenFields = {
  special_tokens: z
    .array(z.string().min(1).max(64))
    .max(MAX_VIRTUAL_TOKENS)
    .refine(distinct, { error: 'must differ from each other' })
    .default([])
    .describe('Texts that become tokens of their own in prompts, each with a trained row.'),
  special_tokens_tied: z
    .boolean()
    .default(false)
    .describe(
      'The rows extend the head as well and the first one ends the answer, as in the released GPT-2 code; for comparison, not servable.',
    ),
};
