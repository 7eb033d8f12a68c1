import { adapterOptions, type OptionsOf } from '@prad/adapter-options';
import { mul, scalar, sub } from '@prad/graph';
import type { Site, SiteKind } from '../architectures/site.js';
import type { AdapterFamily } from './adapter-family.js';
import type { AdapterMethod, SitePart } from './adapter-method.js';
import { onesInit, sitesOf } from './options.js';

/** (IA)^3: one trained factor for each number that comes out of a projection, or goes into the down projection. */
export const ia3: AdapterMethod<OptionsOf<'ia3'>> = {
  name: 'ia3',
  options: adapterOptions.ia3,
  parts: (model, { targets, layers }) => {
    const outputs = targets.filter((kind) => kind !== 'down_proj');
    const inputs = targets.filter((kind) => kind === 'down_proj');
    const part = (acts: 'input' | 'output', kinds: readonly SiteKind[]): SitePart[] =>
      kinds.length === 0 ? [] : [scales(families[acts], sitesOf('ia3', model, kinds, layers))];
    return { sites: [...part('output', outputs), ...part('input', inputs)] };
  },
};

function scales(family: AdapterFamily, sites: readonly Site[]): SitePart {
  return {
    name: 'ia3',
    family,
    sites,
    rank: 0,
    parameters: (site) => [{ name: 'scale', shape: [width(site, family.acts)], init: onesInit }],
    serve: (at, _flow, trained) => ({ stretch: sub(at, trained('scale'), scalar(at, 1)) }),
  };
}

function width({ inFeatures, outFeatures }: Site, acts: 'input' | 'output'): number {
  return acts === 'input' ? inFeatures : outFeatures;
}

const families = {
  output: familyOf('output'),
  input: familyOf('input'),
};

function familyOf(acts: 'input' | 'output'): AdapterFamily {
  return {
    key: acts === 'output' ? 'ia3' : 'ia3.input',
    acts,
    tensors: (site) => [{ name: 'stretch', shape: [width(site, acts)] }],
    delta: (at, flow, tensor, masked) => masked(at, mul(at, flow[acts], tensor('stretch'))),
  };
}
