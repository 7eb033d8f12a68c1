import type { LanguageModel } from '@prad/nn';
import { productWeights, type ProductWeight } from './product-weights.js';
import type { BlockBits } from './quantise-blocks.js';

/**
 * Sites whose weights have 8 bits in the 4-bit copy too, as has the head. With all of SmolLM2-135M in 4 bits its
 * perplexity rises by 31 %, with these but q_proj in 8 bits by 6 % (weights alone, activations as they are); llama.cpp's mixes
 * spare nearly the same ones. q_proj is spared to be one product with k_proj and v_proj.
 */
const SPARED: ReadonlySet<string> = new Set(['q_proj', 'k_proj', 'v_proj', 'down_proj']);

export interface BlockWeightPlan extends ProductWeight {
  readonly bits: BlockBits;
}

/** The weights of a copy, those that can be one product in one group. */
export type BlockPlan = readonly (readonly BlockWeightPlan[])[];

/**
 * What a copy of so many bits holds: every weight of a matrix product, and the bits of each. Those of a group that
 * multiply the same input in the same bits lie side by side, to be one product.
 */
export function blockPlan(model: LanguageModel, bits: BlockBits): BlockPlan {
  const kinds = new Map(model.sites.map(({ module, kind }) => [module, kind]));
  const attentions = model.sites.filter(({ kind }) => kind === 'self_attn').map(({ module }) => `${module}.`);
  const isSpared = ({ module, isHead }: ProductWeight): boolean => {
    if (isHead) return true;
    const kind = kinds.get(module);
    if (kind !== undefined) return SPARED.has(kind);
    // What is stored as one matrix of queries, keys and values is spared for the values.
    return attentions.some((attention) => module.startsWith(attention));
  };
  return productWeights(model).flatMap((group) => {
    const planned = group.map((weight): BlockWeightPlan => ({
      ...weight,
      bits: isSpared(weight) ? 8 : bits,
    }));
    const byBits = [4, 8].map((width) => planned.filter((weight) => weight.bits === width));
    return byBits.filter((weights) => weights.length > 0);
  });
}
