import { z } from 'zod';
import { silu } from '../layers/activations.js';
import type { Architecture } from './architecture.js';
import { only, size } from './config-fields.js';
import { decoderArchitecture } from './decoder-architecture.js';
import { decoderFields, decoderOf, withWholeHeads } from './decoder-fields.js';

const config = withWholeHeads(
  z.object({
    model_type: z.literal('mistral'),
    ...decoderFields,
    num_key_value_heads: size.nullable(),
    sliding_window: size.nullable(),
    hidden_act: only('silu').default('silu'),
    attention_bias: only(false).default(false),
  }),
);

export type MistralConfig = z.infer<typeof config>;

/** Mistral 7B: LLaMA with a window in every layer, or none in later versions. */
export const mistral: Architecture<MistralConfig> = decoderArchitecture('mistral', config, (c) => ({
  ...decoderOf(c, () => ({ window: c.sliding_window ?? undefined })),
  activation: silu,
}));
