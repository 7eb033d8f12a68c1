import { mul } from '@prad/graph';
import { z } from 'zod';
import { siteKinds, type SiteKind } from '../architectures/site.js';
import { kaimingUniform } from '../random/initialise.js';
import type { AdapterMethod } from './adapter-method.js';
import { affine } from './affine.js';
import { commonOptions, releasedInit } from './common-options.js';

/** Projections; the whole feed-forward branch is no matrix to be factored. */
const targetKinds = siteKinds.filter((kind) => kind !== 'mlp');

const options = z.strictObject({
  ...commonOptions({ rank: 8, scale: 4 }),
  /** Kinds of projections, in every layer; by default the ones of the released code. */
  targets: z.array(z.enum(targetKinds)).min(1).optional(),
});

export type LoraOptions = z.infer<typeof options>;

/** The released code adapts queries and values of GPT-2, keys and values of LLaMA. */
function defaultTargets(modelType: string): readonly SiteKind[] {
  return modelType === 'gpt2' ? ['q_proj', 'v_proj'] : ['k_proj', 'v_proj'];
}

/**
 * LoRA: scale (x A) B at chosen projections. `scale` is the released code's alpha: it is not divided by the rank.
 * At the start A is zero and B is not (the reverse of the usual, an identity all the same).
 */
export const lora: AdapterMethod<LoraOptions> = {
  name: 'lora',
  options,
  targets: ({ modelType, sites }, { targets }) => {
    const kinds = new Set<SiteKind>(targets ?? defaultTargets(modelType));
    return sites.filter(({ kind }) => kinds.has(kind));
  },
  parameters: ({ inFeatures, outFeatures }, { rank, init }) => [
    {
      name: 'a',
      shape: [inFeatures, rank],
      rankAxis: 1,
      init: init === 'identity' ? { kind: 'zeros' } : releasedInit,
    },
    {
      name: 'b',
      shape: [rank, outFeatures],
      rankAxis: 0,
      init: init === 'identity' ? kaimingUniform(rank) : releasedInit,
    },
  ],
  delta: (at, input, tensors, scale) => {
    const inner = affine(at.at('a'), input, tensors('a')); // [B, T, R]
    return mul(at, affine(at.at('b'), inner, tensors('b')), scale); // [B, T, out]
  },
};
