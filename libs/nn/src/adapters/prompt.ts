import { adapterOptions, type OptionsOf } from '@prad/adapter-options';
import type { AdapterMethod } from './adapter-method.js';
import { releasedInit } from './options.js';

/** Prompt tuning: trained soft tokens in front of every prompt. */
export const prompt: AdapterMethod<OptionsOf<'prompt'>> = {
  name: 'prompt',
  options: adapterOptions.prompt,
  parts: ({ dimensions }, { length }) => ({
    softTokens: [{ name: 'prompt.weight', shape: [length, dimensions.hiddenSize], init: releasedInit }],
  }),
};
