import { z } from 'zod';
import { silu } from '../layers/activations.js';
import type { Architecture } from './architecture.js';
import { only, size } from './config-fields.js';
import { plainDecoder, type Decoder } from './decoder-config.js';
import { decoderArchitecture } from './decoder-architecture.js';
import { ropeFields, ropeOf } from './rope-fields.js';

const config = z
  .object({
    model_type: z.literal('llama'),
    vocab_size: size,
    hidden_size: size,
    intermediate_size: size,
    num_hidden_layers: size,
    num_attention_heads: size,
    num_key_value_heads: size.nullish(),
    head_dim: size.nullish(),
    max_position_embeddings: size.default(2048),
    rms_norm_eps: z.number().positive().default(1e-6),
    ...ropeFields,
    rope_interleaved: only(false).optional(),
    hidden_act: only('silu').default('silu'),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
    tie_word_embeddings: z.boolean().default(false),
    initializer_range: z.number().positive().default(0.02),
  })
  .refine((c) => c.num_attention_heads % (c.num_key_value_heads ?? c.num_attention_heads) === 0, {
    error: 'must divide num_attention_heads',
    path: ['num_key_value_heads'],
  })
  .refine((c) => c.head_dim ?? c.hidden_size % c.num_attention_heads === 0, {
    error: 'must divide hidden_size where there is no head_dim',
    path: ['num_attention_heads'],
  });

export type LlamaConfig = z.infer<typeof config>;

/** LLaMA 1 to 3, SmolLM2, TinyLlama. */
function decoder(c: LlamaConfig): Decoder {
  const headDim = c.head_dim ?? c.hidden_size / c.num_attention_heads;
  const rope = ropeOf(c, headDim);
  const scale = 1 / Math.sqrt(headDim);
  return {
    ...plainDecoder,
    dimensions: {
      layers: c.num_hidden_layers,
      hiddenSize: c.hidden_size,
      heads: c.num_attention_heads,
      kvHeads: c.num_key_value_heads ?? c.num_attention_heads,
      headDim,
      vocabSize: c.vocab_size,
      maxPositions: c.max_position_embeddings,
      attention: () => ({ scale, rope }),
    },
    innerSize: c.intermediate_size,
    activation: silu,
    normEpsilon: c.rms_norm_eps,
    hasBias: (kind) =>
      ['q_proj', 'k_proj', 'v_proj', 'o_proj'].includes(kind) ? c.attention_bias : c.mlp_bias,
    tied: c.tie_word_embeddings,
    initializerRange: c.initializer_range,
  };
}

export const llama: Architecture<LlamaConfig> = decoderArchitecture('llama', config, decoder);
