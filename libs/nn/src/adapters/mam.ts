import { adapterOptions, type OptionsOf } from '@prad/adapter-options';
import { bottleneck } from './adapter.js';
import type { AdapterMethod } from './adapter-method.js';

import { prefixPart } from './prefix.js';

/** Mix-and-match: a prefix for the attention and bottlenecks beside the feed-forward. Only these are masked. */
export const mam: AdapterMethod<OptionsOf<'mam'>> = {
  name: 'mam',
  options: adapterOptions.mam,
  parts: (model, chosen) => ({
    prefix: prefixPart(model, { ...chosen, length: chosen.prefix_length }),
    sites: [bottleneck('mam', model, chosen)],
  }),
};
