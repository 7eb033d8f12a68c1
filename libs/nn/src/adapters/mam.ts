import { z } from 'zod';
import { bottleneck, bottleneckOptions } from './adapter.js';
import type { AdapterMethod } from './adapter-method.js';
import { lengthOption, tokenOptions, widthOption } from './options.js';
import { prefixPart } from './prefix.js';

const options = z.strictObject({
  prefix_length: lengthOption(30),
  projection: z.boolean().default(false),
  projection_size: widthOption(108),
  ...bottleneckOptions,
  ...tokenOptions,
});

/** Mix-and-match: a prefix for the attention and bottlenecks beside the feed-forward. Only these are masked. */
export const mam: AdapterMethod<z.infer<typeof options>> = {
  name: 'mam',
  options,
  parts: (model, chosen) => ({
    prefix: prefixPart(model, { ...chosen, length: chosen.prefix_length }),
    sites: [bottleneck('mam', model, chosen)],
  }),
};
