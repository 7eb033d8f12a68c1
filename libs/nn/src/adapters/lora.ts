import { adapterOptions, type OptionsOf } from '@prad/adapter-options';
import { mul, scalar } from '@prad/graph';
import type { LanguageModel } from '../architectures/architecture.js';
import type { SiteKind } from '../architectures/site.js';
import { kaimingUniform, type ParameterSpec } from '../random/initialise.js';
import type { AdapterFamily } from './adapter-family.js';
import type { AdapterInit, AdapterMethod, AdapterOptions } from './adapter-method.js';
import { affine } from './affine.js';
import { releasedInit, requireRank, sitesOf, zerosInit } from './options.js';

export type LowRankOptions = Omit<OptionsOf<'lora'>, keyof AdapterOptions>;

/** The released code adapts queries and values of GPT-2, keys and values of LLaMA. */
function defaultTargets({ modelType }: LanguageModel): readonly SiteKind[] {
  return modelType === 'gpt2' ? ['q_proj', 'v_proj'] : ['k_proj', 'v_proj'];
}

/**
 * LoRA: factor (x A) B at chosen projections. At the start A is zero and B is not (the reverse of the usual, an
 * identity all the same).
 */
export const lora: AdapterMethod<OptionsOf<'lora'>> = {
  name: 'lora',
  options: adapterOptions.lora,
  parts: (model, chosen) => {
    requireRank('lora', model, chosen.rank);
    return {
      sites: [
        {
          name: 'lora',
          family,
          sites: sitesOf('lora', model, chosen.targets ?? defaultTargets(model), chosen.layers),
          rank: chosen.rank,
          parameters: ({ inFeatures, outFeatures }) => factors(inFeatures, outFeatures, chosen),
          serve: (at, _flow, trained) => ({
            a: trained('a'),
            b: mul(at, trained('b'), scalar(at, loraFactor(chosen))),
          }),
          dropout: chosen.dropout > 0 ? { rate: chosen.dropout, place: chosen.dropout_at } : undefined,
        },
      ],
    };
  },
};

/** What the product of the factors is multiplied by. */
export function loraFactor({ alpha, scaling, rank }: LowRankOptions): number {
  return { none: alpha, rank: alpha / rank, rslora: alpha / Math.sqrt(rank) }[scaling];
}

/** A [in, R] and B [R, out]. */
export function factors(
  inFeatures: number,
  outFeatures: number,
  { rank, init }: { readonly rank: number; readonly init: AdapterInit },
): ParameterSpec[] {
  const fresh = init === 'identity';
  return [
    { name: 'a', shape: [inFeatures, rank], init: fresh ? zerosInit : releasedInit },
    { name: 'b', shape: [rank, outFeatures], init: fresh ? kaimingUniform(rank) : releasedInit },
  ];
}

const family: AdapterFamily = {
  key: 'lora',
  acts: 'output',
  tensors: ({ inFeatures, outFeatures }, rank) => [
    { name: 'a', shape: [inFeatures, rank], rankAxis: 1 },
    { name: 'b', shape: [rank, outFeatures], rankAxis: 0 },
  ],
  delta: (at, { input }, tensor, masked, drop) => {
    // Zeros in are zeros out, and there are fewer numbers to mask here than behind B.
    const inner = masked(at, affine(at.at('a'), drop(at, 'input', input), tensor('a'))); // [*, R]
    return drop(at, 'output', affine(at.at('b'), inner, tensor('b'))); // [*, out]
  },
};
