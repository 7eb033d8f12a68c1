import { adapterOptions, type OptionsOf } from '@prad/adapter-options';
import {
  add,
  detach,
  div,
  gemm,
  matmul,
  mul,
  reduceSum,
  reshape,
  scalar,
  sqrt,
  sub,
  transpose,
} from '@prad/graph';
import type { Scope, Value } from '@prad/graph';
import { AppError } from '@prad/errors';
import type { SiteFlow, SiteWeight } from '../architectures/site.js';
import type { AdapterFamily } from './adapter-family.js';
import type { AdapterMethod, PartTensors } from './adapter-method.js';
import { affine } from './affine.js';
import { factors, loraFactor } from './lora.js';
import { onesInit, requireRank, sitesOf } from './options.js';

type DoraOptions = OptionsOf<'dora'>;

/**
 * DoRA: the sum of a base weight and its low-rank change, each output's column brought to a trained magnitude m:
 * y = (x W + factor (x A) B + bias) m / n with n = ||W + factor A B|| by columns. m starts at the norms of W.
 */
export const dora: AdapterMethod<DoraOptions> = {
  name: 'dora',
  options: adapterOptions.dora,
  parts: (model, chosen) => {
    requireRank('dora', model, chosen.rank);
    return {
      sites: [
        {
          name: 'dora',
          family,
          // The released code adapts the feed-forward.
          sites: sitesOf('dora', model, chosen.targets ?? ['up_proj', 'down_proj'], chosen.layers),
          rank: chosen.rank,
          parameters: ({ inFeatures, outFeatures }) => [
            ...factors(inFeatures, outFeatures, chosen),
            { name: 'magnitude', shape: [outFeatures], init: onesInit },
          ],
          serve: (at, flow, trained) => served(at, flow, trained, chosen),
          start: (at, flow) => ({ magnitude: columnNorms(at, weightOf(flow)) }),
          dropout: chosen.dropout > 0 ? { rate: chosen.dropout, place: chosen.dropout_at } : undefined,
        },
      ],
    };
  },
};

/** With the gain g = m / n, y - (x W + bias) = (x W + bias) (g - 1) + (x A) (factor B g) + shift. */
function served(at: Scope, flow: SiteFlow, trained: PartTensors, chosen: DoraOptions): Record<string, Value> {
  const weight = weightOf(flow);
  const factor = scalar(at, loraFactor(chosen));
  const norms = columnNorms(at, weight, { a: trained('a'), b: mul(at, trained('b'), factor) });
  const gain = div(at, trained('magnitude'), chosen.detach_norm ? detach(at, norms) : norms); // [out]
  const stretch = sub(at, gain, scalar(at, 1));
  // A bias that is not scaled is in the output all the same: what the stretch adds to it is taken off again.
  const shift =
    chosen.scale_bias || !weight.bias
      ? mul(at, stretch, scalar(at, 0))
      : mul(at, mul(at, weight.bias, stretch), scalar(at, -1));
  return { a: trained('a'), b: mul(at, mul(at, trained('b'), factor), gain), stretch, shift };
}

/** ||W + A B|| of each output, over the inputs: [out], or [J, 1, out] for J changes. */
function columnNorms(
  at: Scope,
  { matrix, outFirst }: SiteWeight,
  change?: { readonly a: Value; readonly b: Value },
): Value {
  const product = change && productOf(at, change, outFirst);
  const whole = product ? add(at, matrix, product) : matrix;
  const norms = sqrt(
    at,
    reduceSum(at, mul(at, whole, whole), { axes: [outFirst ? -1 : -2], keepdims: false }),
  );
  const [count, outputs] = norms.shape;
  return outputs === undefined ? norms : reshape(at, norms, [count ?? 1, 1, outputs]);
}

/** A B as the base weight lies; J of them for A [J, in, R] and B [J, R, out]. */
function productOf(at: Scope, { a, b }: { readonly a: Value; readonly b: Value }, outFirst: boolean): Value {
  if (a.shape.length > 2) {
    const product = matmul(at, a, b);
    return outFirst ? transpose(at, product, [0, 2, 1]) : product;
  }
  return outFirst ? gemm(at, b, a, { transA: true, transB: true }) : gemm(at, a, b);
}

function weightOf({ weight }: SiteFlow): SiteWeight {
  if (weight) return weight();
  throw new AppError({
    kind: 'bug',
    code: 'site_without_weight',
    message: 'dora at a site that is no projection',
  });
}

const family: AdapterFamily = {
  key: 'dora',
  acts: 'output',
  tensors: ({ inFeatures, outFeatures }, rank) => [
    { name: 'a', shape: [inFeatures, rank], rankAxis: 1 },
    { name: 'b', shape: [rank, outFeatures], rankAxis: 0 },
    { name: 'stretch', shape: [outFeatures] },
    { name: 'shift', shape: [outFeatures] },
  ],
  delta: (at, { input, output }, tensor, masked, drop) => {
    const inner = affine(at.at('a'), drop(at, 'input', input), tensor('a')); // [*, R]
    const change = drop(at, 'output', affine(at.at('b'), inner, tensor('b'))); // [*, out]
    return masked(at, add(at, add(at, mul(at, output, tensor('stretch')), change), tensor('shift')));
  },
};
