import { z } from 'zod';
import type { Rope, RopeScaling } from '../attention/rope.js';
import { unsupportedConfig } from './read-config.js';

const positive = z.number().positive();

/**
 * `rope_scaling`; other types are refused by name. Older files call the field `type`, and some leave it out. `factors`
 * is our own: what each frequency is divided by, as GGUF files state it.
 */
const ropeScaling = z.preprocess(
  (value) => {
    if (typeof value !== 'object' || value === null || 'rope_type' in value) return value;
    return { ...value, rope_type: 'type' in value ? value.type : 'default' };
  },
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
      z.object({ rope_type: z.literal('factors'), factors: z.array(positive) }),
    ],
    {
      error: (issue) =>
        `only default, linear and llama3 are supported, got ${JSON.stringify((issue.input as { rope_type?: unknown } | null)?.rope_type ?? null)}`,
    },
  ),
);

type RopeScalingField = z.infer<typeof ropeScaling>;

const sizes = { rope_theta: positive.optional(), partial_rotary_factor: positive.max(1).optional() };

/** Rotary positions in a config.json. `rope_parameters` is how transformers 5 writes the others in one. */
export const ropeFields = {
  ...sizes,
  rope_scaling: ropeScaling.nullish(),
  rope_parameters: z.intersection(z.object(sizes), ropeScaling).nullish(),
};

interface RopeSizes {
  readonly rope_theta?: number | undefined;
  readonly partial_rotary_factor?: number | undefined;
}

export interface RopeConfig extends RopeSizes {
  readonly rope_scaling?: RopeScalingField | null | undefined;
  readonly rope_parameters?: (RopeScalingField & RopeSizes) | null | undefined;
}

/** What the fields say of heads of `headDim` numbers. @throws AppError where they do not fit them. */
export function ropeOf(c: RopeConfig, headDim: number, theta = 10_000): Rope {
  const part = c.rope_parameters?.partial_rotary_factor ?? c.partial_rotary_factor ?? 1;
  const rotaryDim = Math.trunc(headDim * part);
  if (rotaryDim === 0 || rotaryDim % 2 !== 0) {
    throw unsupportedConfig(
      `config.json: partial_rotary_factor ${part} turns ${rotaryDim} of the ${headDim} numbers of a head, an even number is needed`,
      { fields: [c.rope_parameters ? 'rope_parameters.partial_rotary_factor' : 'partial_rotary_factor'] },
    );
  }
  const scaling = scalingOf(c.rope_scaling ?? c.rope_parameters ?? undefined);
  if (scaling?.type === 'factors' && scaling.factors.length !== rotaryDim / 2) {
    throw unsupportedConfig(
      `config.json: rope_scaling.factors has ${scaling.factors.length} numbers for ${rotaryDim / 2} frequencies`,
      { fields: ['rope_scaling.factors'] },
    );
  }
  return { theta: c.rope_parameters?.rope_theta ?? c.rope_theta ?? theta, rotaryDim, scaling };
}

/** The scaling that a field describes; none for `default`. */
function scalingOf(field: RopeScalingField | undefined): RopeScaling | undefined {
  switch (field?.rope_type) {
    case undefined:
    case 'default':
      return undefined;
    case 'linear':
      return { type: 'linear', factor: field.factor };
    case 'factors':
      return { type: 'factors', factors: field.factors };
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
