import { z } from 'zod';
import type { AdapterMethod } from './adapter-method.js';
import { lengthOption, releasedInit, tokenOptions } from './options.js';

const options = z.strictObject({ length: lengthOption(20), ...tokenOptions });

/** Prompt tuning: trained soft tokens in front of every prompt. */
export const prompt: AdapterMethod<z.infer<typeof options>> = {
  name: 'prompt',
  options,
  parts: ({ dimensions }, { length }) => ({
    softTokens: [{ name: 'prompt.weight', shape: [length, dimensions.hiddenSize], init: releasedInit }],
  }),
};
