import { z } from 'zod';
import { geluNew } from '../layers/activations.js';
import { only, size } from './config-fields.js';
import { decoderFields } from './decoder-fields.js';
import type { Decoder } from './decoder-config.js';
import { layerTypes } from './layer-types.js';

/** Fields of config.json that Gemma 2 and 3 share. */
export const gemmaFields = {
  ...decoderFields,
  num_key_value_heads: size.nullable(),
  head_dim: size,
  hidden_activation: only('gelu_pytorch_tanh').default('gelu_pytorch_tanh'),
  attention_bias: z.boolean().default(false),
  query_pre_attn_scalar: z.number().positive().default(256),
  sliding_window: size,
  layer_types: layerTypes,
  use_bidirectional_attention: only(false).nullish(),
  // The files of these families leave it out.
  tie_word_embeddings: z.boolean().default(true),
};

/** What Gemma 2 and 3 have and LLaMA has not. */
export function gemmaDecoder(hiddenSize: number) {
  return {
    activation: geluNew,
    normPlusOne: true,
    postNorms: true,
    embeddingScale: Math.sqrt(hiddenSize),
  } as const satisfies Partial<Decoder>;
}
