import { z } from 'zod';
import { silu } from '../layers/activations.js';
import type { Architecture } from './architecture.js';
import { only, size } from './config-fields.js';
import { decoderArchitecture } from './decoder-architecture.js';
import { attentionBiases, decoderFields, decoderOf, withWholeHeads } from './decoder-fields.js';

const config = withWholeHeads(
  z.object({
    model_type: z.literal('llama'),
    ...decoderFields,
    max_position_embeddings: size.default(2048),
    rope_interleaved: only(false).optional(),
    hidden_act: only('silu').default('silu'),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
  }),
);

export type LlamaConfig = z.infer<typeof config>;

/** LLaMA 1 to 3, SmolLM2, TinyLlama. */
export const llama: Architecture<LlamaConfig> = decoderArchitecture('llama', config, (c) => {
  const ofAttention = attentionBiases(c.attention_bias);
  const mlp: readonly string[] = ['gate_proj', 'up_proj', 'down_proj'];
  return {
    ...decoderOf(c),
    activation: silu,
    hasBias: (kind) => (mlp.includes(kind) ? c.mlp_bias : ofAttention(kind)),
  };
});
