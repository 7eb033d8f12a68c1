import { z } from 'zod';
import { silu } from '../layers/activations.js';
import type { Projection } from '../layers/weights.js';
import type { Architecture } from './architecture.js';
import { only, size } from './config-fields.js';
import { decoderArchitecture } from './decoder-architecture.js';
import { decoderFields, decoderOf, withWholeHeads } from './decoder-fields.js';
import type { Site, SiteKind } from './site.js';

const config = withWholeHeads(
  z.object({
    model_type: z.literal('phi3'),
    ...decoderFields,
    rms_norm_eps: z.number().positive().default(1e-5),
    sliding_window: size.nullish(),
    hidden_act: only('silu').default('silu'),
    attention_bias: only(false).default(false),
  }),
);

export type Phi3Config = z.infer<typeof config>;

/** Phi-3 and Phi-4-mini without the long context: LLaMA with two stored matrices where it has five. */
export const phi3: Architecture<Phi3Config> = decoderArchitecture('phi3', config, (c) => ({
  ...decoderOf(c, () => ({ window: c.sliding_window ?? undefined })),
  activation: silu,
  fusedModule,
}));

const fusedModules: Readonly<Partial<Record<SiteKind, string>>> = {
  q_proj: 'qkv_proj',
  gate_proj: 'gate_up_proj',
};

/** Rows of queries, keys and values, or of gate and up, one below the other. */
function fusedModule([first]: readonly Site[]): Projection | undefined {
  const fused = first && fusedModules[first.kind];
  return fused ? { module: first.module.replace(first.kind, fused), bias: false } : undefined;
}
