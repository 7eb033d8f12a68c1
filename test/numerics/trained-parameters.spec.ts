import { trainedParameterCount } from '@prad/adapter-files';
import { layoutOf } from '@prad/models';
import { adapterFor, adapterMethodNames, parameterCount } from '@prad/nn';
import { expect, it } from 'vitest';
import { tinyModel } from './nn/reference.js';

/** Options that change how much trains, besides each method's defaults with a rank that fits. */
const options: Readonly<Record<string, readonly object[]>> = {
  adapter: [
    { rank: 4, site: 'both', scale: 'learnable' },
    { rank: 4, layer_norm: 'in', layers: [1] },
  ],
  lora: [{ rank: 4, targets: ['q_proj', 'down_proj'] }],
  dora: [{ rank: 4 }],
  prefix: [{ length: 3 }, { length: 3, projection: true, projection_size: 5 }],
  prompt: [{ length: 3, special_tokens: ['<a>', '<b>'] }],
  mam: [{ rank: 4 }, { rank: 4, projection: true, projection_size: 5 }],
  ia3: [{}],
};

it.each(adapterMethodNames)('counts what %s trains without a model', async (method) => {
  for (const name of ['llama', 'gpt2']) {
    const { model } = await tinyModel(name);
    for (const chosen of options[method] ?? []) {
      const { parameters } = adapterFor(model, method, chosen);
      expect(
        trainedParameterCount(method, chosen, layoutOf(model)),
        `${name} ${JSON.stringify(chosen)}`,
      ).toBe(parameterCount({ parameters }));
    }
  }
});
