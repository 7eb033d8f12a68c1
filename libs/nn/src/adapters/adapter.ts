import { mul, relu } from '@prad/graph';
import { z } from 'zod';
import type { Init } from '../random/initialise.js';
import { kaimingUniform } from '../random/initialise.js';
import type { AdapterMethod } from './adapter-method.js';
import { affine } from './affine.js';
import { commonOptions, releasedInit } from './common-options.js';

const options = z.strictObject(commonOptions({ rank: 16, scale: 1 }));

export type BottleneckOptions = z.infer<typeof options>;

const zeros: Init = { kind: 'zeros' };

/**
 * PrAd-Adapter: a ReLU bottleneck beside every feed-forward branch. It reads the branch's normed input and is added
 * to its output: scale (relu(x D + b_D) U + b_U).
 */
export const adapter: AdapterMethod<BottleneckOptions> = {
  name: 'adapter',
  options,
  targets: ({ sites }) => sites.filter(({ kind }) => kind === 'mlp'),
  parameters: ({ inFeatures, outFeatures }, { rank, init }) => [
    {
      name: 'down.weight',
      shape: [inFeatures, rank],
      rankAxis: 1,
      init: init === 'identity' ? kaimingUniform(inFeatures) : releasedInit,
    },
    { name: 'down.bias', shape: [rank], rankAxis: 0, init: zeros },
    {
      name: 'up.weight',
      shape: [rank, outFeatures],
      rankAxis: 0,
      init: init === 'identity' ? zeros : releasedInit,
    },
    { name: 'up.bias', shape: [outFeatures], init: zeros },
  ],
  delta: (at, input, tensors, scale) => {
    const inner = relu(at, affine(at.at('down'), input, tensors('down.weight'), tensors('down.bias'))); // [B, T, R]
    return mul(at, affine(at.at('up'), inner, tensors('up.weight'), tensors('up.bias')), scale); // [B, T, out]
  },
};
