import { adapterOptions, type OptionsOf } from '@prad/adapter-options';
import { add, layerNormalization, mul, relu, scalar } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';
import { tensor } from '@prad/tensor';
import type { SiteKind } from '../architectures/site.js';
import { kaimingUniform } from '../random/initialise.js';
import type { ParameterSpec } from '../random/initialise.js';
import type { AdapterFamily } from './adapter-family.js';
import type { AdapterInit, AdapterMethod, AdapterOptions, SitePart } from './adapter-method.js';
import { affine } from './affine.js';
import { onesInit, releasedInit, requireRank, sitesOf, zerosInit } from './options.js';
import type { LanguageModel } from '../architectures/architecture.js';

/** Branches of a layer that have a bottleneck. */
const kindsOf = {
  ffn: ['mlp'],
  attention: ['self_attn'],
  both: ['self_attn', 'mlp'],
} as const satisfies Record<string, readonly SiteKind[]>;

type BottleneckOptions = Omit<OptionsOf<'adapter'>, keyof AdapterOptions>;
type Form = BottleneckOptions['form'];
type Norm = BottleneckOptions['layer_norm'];

// torch's default.
const NORM_EPSILON = 1e-5;

/**
 * PrAd-Adapter: a ReLU bottleneck beside or behind a branch, added to its output:
 * scale (drop(relu(x D + b_D)) U + b_U).
 */
export const adapter: AdapterMethod<OptionsOf<'adapter'>> = {
  name: 'adapter',
  options: adapterOptions.adapter,
  parts: (model, chosen) => ({ sites: [bottleneck('adapter', model, chosen)] }),
};

/** The bottlenecks of a model. */
export function bottleneck(method: string, model: LanguageModel, chosen: BottleneckOptions): SitePart {
  const { rank, scale, site, layers, form, layer_norm: norm, dropout, init } = chosen;
  requireRank(method, model, rank);
  return {
    name: 'adapter',
    family: family(form, norm),
    sites: sitesOf(method, model, kindsOf[site], layers),
    rank,
    parameters: ({ inFeatures, outFeatures }) => [
      ...matrices(inFeatures, outFeatures, rank, init),
      ...(norm === 'none' ? [] : normParameters(norm === 'in' ? inFeatures : outFeatures)),
      ...(scale === 'learnable' ? [{ name: 'scale', shape: [1], init: onesInit }] : []),
    ],
    serve: (at, _flow, trained) => {
      const factor = scale === 'learnable' ? trained('scale') : scalar(at, scale);
      const scaled = (name: string): Value => (scale === 1 ? trained(name) : mul(at, trained(name), factor));
      return {
        'down.weight': trained('down.weight'),
        'down.bias': trained('down.bias'),
        'up.weight': scaled('up.weight'),
        'up.bias': scaled('up.bias'),
        ...(norm === 'none'
          ? {}
          : { 'norm.weight': trained('norm.weight'), 'norm.bias': trained('norm.bias') }),
      };
    },
    dropout: dropout > 0 ? { rate: dropout, place: 'inner' } : undefined,
  };
}

function matrices(inFeatures: number, outFeatures: number, rank: number, init: AdapterInit): ParameterSpec[] {
  const fresh = init === 'identity';
  return [
    {
      name: 'down.weight',
      shape: [inFeatures, rank],
      init: fresh ? kaimingUniform(inFeatures) : releasedInit,
    },
    { name: 'down.bias', shape: [rank], init: zerosInit },
    { name: 'up.weight', shape: [rank, outFeatures], init: fresh ? zerosInit : releasedInit },
    { name: 'up.bias', shape: [outFeatures], init: zerosInit },
  ];
}

function normParameters(size: number): ParameterSpec[] {
  return [
    { name: 'norm.weight', shape: [size], init: onesInit },
    { name: 'norm.bias', shape: [size], init: zerosInit },
  ];
}

/** Bottlenecks of one form and norm mix in a batch. */
function family(form: Form, norm: Norm): AdapterFamily {
  return {
    key: [
      'adapter',
      ...(form === 'parallel' ? [] : [form]),
      ...(norm === 'none' ? [] : [`norm_${norm}`]),
    ].join('.'),
    acts: 'output',
    tensors: ({ inFeatures, outFeatures }, rank) => [
      { name: 'down.weight', shape: [inFeatures, rank], rankAxis: 1 },
      { name: 'down.bias', shape: [rank], rankAxis: 0 },
      { name: 'up.weight', shape: [rank, outFeatures], rankAxis: 0 },
      { name: 'up.bias', shape: [outFeatures] },
      ...(norm === 'none' ? [] : normParameters(norm === 'in' ? inFeatures : outFeatures)),
    ],
    delta: (at, { input, output }, tensor_, masked, drop) => {
      const normed = (x: Value): Value => normalised(at, x, tensor_('norm.weight'), tensor_('norm.bias'));
      const read = form === 'parallel' ? input : output;
      const x = norm === 'in' ? normed(read) : read;
      const inner = relu(at, affine(at.at('down'), x, tensor_('down.weight'), tensor_('down.bias'))); // [*, R]
      const dropped = drop(at, 'inner', inner);
      const made = affine(at.at('up'), dropped, tensor_('up.weight'), tensor_('up.bias')); // [*, out]
      return masked(at, norm === 'out' ? normed(made) : made);
    },
  };
}

/** Layer norm with one weight and bias, or with one per row, which the operator does not take. */
function normalised(at: Scope, x: Value, weight: Value, bias: Value): Value {
  const size = Number(x.shape.at(-1));
  const constant = (value: number): Value =>
    at.constant(tensor('float32', [size], new Float32Array(size).fill(value)));
  const plain = layerNormalization(at, x, constant(1), constant(0), { axis: -1, epsilon: NORM_EPSILON });
  return add(at, mul(at, plain, weight), bias);
}
