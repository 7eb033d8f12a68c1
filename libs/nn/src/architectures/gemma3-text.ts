import { z } from 'zod';
import type { Rope } from '../attention/rope.js';
import type { Architecture } from './architecture.js';
import { only, size } from './config-fields.js';
import { decoderArchitecture } from './decoder-architecture.js';
import { attentionBiases, decoderOf, withWholeHeads } from './decoder-fields.js';
import { gemmaDecoder, gemmaFields } from './gemma-fields.js';
import { isSliding, withEveryLayerType } from './layer-types.js';
import { ropeFields, ropeOf } from './rope-fields.js';

const config = withEveryLayerType(
  withWholeHeads(
    z.object({
      model_type: z.literal('gemma3_text'),
      ...gemmaFields,
      sliding_window_pattern: size.nullish(),
      rope_local_base_freq: z.number().positive().default(10_000),
      // transformers 5 has one for each type of layer.
      rope_parameters: z
        .object({
          full_attention: ropeFields.rope_parameters,
          sliding_attention: ropeFields.rope_parameters,
        })
        .nullish(),
      attn_logit_softcapping: only(null).nullish(),
      final_logit_softcapping: only(null).nullish(),
    }),
  ),
);

export type Gemma3TextConfig = z.infer<typeof config>;

/** Gemma 3 without images: one layer of six sees everything, by slower and scaled rotations. */
export const gemma3Text: Architecture<Gemma3TextConfig> = decoderArchitecture('gemma3_text', config, (c) => {
  const pattern = c.sliding_window_pattern ?? 6;
  const [near, far] = [localRope(c), globalRope(c)];
  return {
    ...decoderOf({ ...c, rope_parameters: undefined }, (layer) => {
      const sliding = isSliding(c, layer, (at) => (at + 1) % pattern !== 0);
      return {
        scale: c.query_pre_attn_scalar ** -0.5,
        rope: sliding ? near : far,
        window: sliding ? c.sliding_window : undefined,
      };
    }),
    ...gemmaDecoder(c.hidden_size),
    qkNorm: true,
    hasBias: attentionBiases(c.attention_bias),
  };
});

function globalRope(c: Gemma3TextConfig): Rope {
  const { rope_theta, rope_scaling } = c;
  const rope_parameters = c.rope_parameters?.full_attention;
  return ropeOf({ rope_theta, rope_scaling, rope_parameters }, c.head_dim, 1_000_000);
}

function localRope(c: Gemma3TextConfig): Rope {
  const rope_parameters = c.rope_parameters?.sliding_attention;
  return ropeOf({ rope_theta: c.rope_local_base_freq, rope_parameters }, c.head_dim);
}
