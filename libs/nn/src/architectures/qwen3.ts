import { z } from 'zod';
import { silu } from '../layers/activations.js';
import type { Architecture } from './architecture.js';
import { only, size } from './config-fields.js';
import { decoderArchitecture } from './decoder-architecture.js';
import { attentionBiases, decoderFields, decoderOf, withWholeHeads } from './decoder-fields.js';
import { qwenWindow, qwenWindowFields, withQwenWindow } from './qwen-window.js';

const config = withQwenWindow(
  withWholeHeads(
    z.object({
      model_type: z.literal('qwen3'),
      ...decoderFields,
      ...qwenWindowFields,
      num_key_value_heads: size.nullable(),
      head_dim: size,
      hidden_act: only('silu').default('silu'),
      attention_bias: z.boolean().default(false),
    }),
  ),
);

export type Qwen3Config = z.infer<typeof config>;

/** Dense Qwen3: LLaMA with normed queries and keys and a head size of its own. */
export const qwen3: Architecture<Qwen3Config> = decoderArchitecture('qwen3', config, (c) => ({
  ...decoderOf(c, (layer) => ({ window: qwenWindow(c, layer) })),
  activation: silu,
  qkNorm: true,
  hasBias: attentionBiases(c.attention_bias),
}));
