import { z } from 'zod';
import type { Rope, RopeScaling } from '../attention/rope.js';

const positive = z.number().positive();

/** `rope_scaling`; other types are refused by name. Older files call the field `type`. */
const ropeScaling = z.preprocess(
  (value) =>
    typeof value === 'object' && value !== null && 'type' in value && !('rope_type' in value)
      ? { ...value, rope_type: value.type }
      : value,
  z.discriminatedUnion(
    'rope_type',
    [
      z.object({ rope_type: z.literal('default') }),
      z.object({ rope_type: z.literal('linear'), factor: positive }),
      z.object({
        rope_type: z.literal('llama3'),
        factor: positive,
        low_freq_factor: positive,
        high_freq_factor: positive,
        original_max_position_embeddings: z.int().min(1),
      }),
    ],
    {
      error: (issue) =>
        `only default, linear and llama3 are supported, got ${JSON.stringify((issue.input as { rope_type?: unknown } | null)?.rope_type ?? null)}`,
    },
  ),
);

type RopeScalingField = z.infer<typeof ropeScaling>;

/** Rotary positions in a config.json. `rope_parameters` is how transformers 5 writes the other two in one. */
export const ropeFields = {
  rope_theta: positive.optional(),
  rope_scaling: ropeScaling.nullish(),
  rope_parameters: z.intersection(z.object({ rope_theta: positive.optional() }), ropeScaling).nullish(),
};

interface RopeConfig {
  readonly rope_theta?: number | undefined;
  readonly rope_scaling?: RopeScalingField | null | undefined;
  readonly rope_parameters?:
    (RopeScalingField & { readonly rope_theta?: number | undefined }) | null | undefined;
}

/** What the fields say of heads of `rotaryDim` numbers. */
export function ropeOf(c: RopeConfig, rotaryDim: number, theta = 10_000): Rope {
  return {
    theta: c.rope_theta ?? c.rope_parameters?.rope_theta ?? theta,
    rotaryDim,
    scaling: scalingOf(c.rope_scaling ?? c.rope_parameters ?? undefined),
  };
}

/** The scaling that a field describes; none for `default`. */
export function scalingOf(field: RopeScalingField | undefined): RopeScaling | undefined {
  switch (field?.rope_type) {
    case undefined:
    case 'default':
      return undefined;
    case 'linear':
      return { type: 'linear', factor: field.factor };
    case 'llama3':
      return {
        type: 'llama3',
        factor: field.factor,
        lowFreqFactor: field.low_freq_factor,
        highFreqFactor: field.high_freq_factor,
        originalMaxPositions: field.original_max_position_embeddings,
      };
  }
}
