import { z, type ZodType } from 'zod';
import type { LayerAttention } from './architecture.js';
import { size } from './config-fields.js';
import { plainDecoder, type Decoder } from './decoder-config.js';
import { ropeFields, ropeOf, type RopeConfig } from './rope-fields.js';

/** The fields of config.json that all families which are a `Decoder` have. */
export const decoderFields = {
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  max_position_embeddings: size,
  rms_norm_eps: z.number().positive().default(1e-6),
  ...ropeFields,
  tie_word_embeddings: z.boolean().default(false),
  initializer_range: z.number().positive().default(0.02),
};

interface HeadFields {
  readonly hidden_size: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads?: number | null | undefined;
  readonly head_dim?: number | null | undefined;
}

interface DecoderConfig extends HeadFields, RopeConfig {
  readonly vocab_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly max_position_embeddings: number;
  readonly rms_norm_eps: number;
  readonly tie_word_embeddings: boolean;
  readonly initializer_range: number;
}

/** A family's config, refused where the numbers of heads do not fit each other. */
export function withWholeHeads<S extends ZodType<HeadFields>>(schema: S): S {
  return schema
    .refine((c) => c.num_attention_heads % (c.num_key_value_heads ?? c.num_attention_heads) === 0, {
      error: 'must divide num_attention_heads',
      path: ['num_key_value_heads'],
    })
    .refine((c) => c.head_dim ?? c.hidden_size % c.num_attention_heads === 0, {
      error: 'must divide hidden_size where there is no head_dim',
      path: ['num_attention_heads'],
    });
}

/** D. */
export function headDimOf(c: HeadFields): number {
  return c.head_dim ?? c.hidden_size / c.num_attention_heads;
}

/** What the shared fields say; `attention` is where a layer's attention differs from LLaMA's. */
export function decoderOf(
  c: DecoderConfig,
  attention: (layer: number) => Partial<LayerAttention> = () => ({}),
): Omit<Decoder, 'activation'> {
  const headDim = headDimOf(c);
  const plain: LayerAttention = { scale: 1 / Math.sqrt(headDim), rope: ropeOf(c, headDim) };
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
      attention: (layer) => ({ ...plain, ...attention(layer) }),
    },
    innerSize: c.intermediate_size,
    normEpsilon: c.rms_norm_eps,
    tied: c.tie_word_embeddings,
    initializerRange: c.initializer_range,
  };
}

const attentionProjections: readonly string[] = ['q_proj', 'k_proj', 'v_proj', 'o_proj'];

/** Biases of a family that may have them on all four projections of attention. */
export function attentionBiases(bias: boolean): Decoder['hasBias'] {
  return (kind) => bias && attentionProjections.includes(kind);
}
