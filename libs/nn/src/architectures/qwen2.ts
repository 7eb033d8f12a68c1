import { z } from 'zod';
import { silu } from '../layers/activations.js';
import type { Architecture } from './architecture.js';
import { only, size } from './config-fields.js';
import { decoderArchitecture } from './decoder-architecture.js';
import { decoderFields, decoderOf, withWholeHeads } from './decoder-fields.js';
import { qwenWindow, qwenWindowFields, withQwenWindow } from './qwen-window.js';

const config = withQwenWindow(
  withWholeHeads(
    z.object({
      model_type: z.literal('qwen2'),
      ...decoderFields,
      ...qwenWindowFields,
      num_key_value_heads: size.nullable(),
      hidden_act: only('silu').default('silu'),
      use_mrope: only(false).optional(),
    }),
  ),
);

export type Qwen2Config = z.infer<typeof config>;

/** Qwen2 and 2.5: LLaMA with biases on queries, keys and values. */
export const qwen2: Architecture<Qwen2Config> = decoderArchitecture('qwen2', config, (c) => ({
  ...decoderOf(c, (layer) => ({ window: qwenWindow(c, layer) })),
  activation: silu,
  hasBias: (kind) => ['q_proj', 'k_proj', 'v_proj'].includes(kind),
}));
