import { z } from 'zod';
import type { Architecture } from './architecture.js';
import { decoderArchitecture } from './decoder-architecture.js';
import { attentionBiases, decoderOf, withWholeHeads } from './decoder-fields.js';
import { gemmaDecoder, gemmaFields } from './gemma-fields.js';
import { isSliding, withEveryLayerType } from './layer-types.js';

const cap = z.number().positive().nullable();

const config = withEveryLayerType(
  withWholeHeads(
    z.object({
      model_type: z.literal('gemma2'),
      ...gemmaFields,
      attn_logit_softcapping: cap.default(50),
      final_logit_softcapping: cap.default(30),
    }),
  ),
);

export type Gemma2Config = z.infer<typeof config>;

/** Gemma 2: every other layer, from the first on, sees a window only; scores and logits are capped. */
export const gemma2: Architecture<Gemma2Config> = decoderArchitecture('gemma2', config, (c) => ({
  ...decoderOf(c, (layer) => ({
    scale: c.query_pre_attn_scalar ** -0.5,
    softcap: c.attn_logit_softcapping ?? undefined,
    window: isSliding(c, layer, (at) => at % 2 === 0) ? c.sliding_window : undefined,
  })),
  ...gemmaDecoder(c.hidden_size),
  hasBias: attentionBiases(c.attention_bias),
  logitSoftcap: c.final_logit_softcapping ?? undefined,
}));
