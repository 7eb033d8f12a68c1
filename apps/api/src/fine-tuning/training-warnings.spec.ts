import type { BaseLayout } from '@prad/adapter-files';
import type { JsonObject } from '@prad/domain';
import { expect, it } from 'vitest';
import { trainingWarnings } from './training-warnings.js';

function base(layers: number): { readonly details: JsonObject } {
  const layout: BaseLayout = {
    ...{ modelType: 'llama', layers, hiddenSize: 4, heads: 2, kvHeads: 1, headDim: 2, sites: {} },
  };
  return { details: { layout: layout } };
}

const qLora = { adapter: 'lora', scope: 'prompt', options: { targets: ['q_proj'] } };

it('warns of an adapter that moves the first answer token alone', () => {
  expect(trainingWarnings(qLora, base(1))).toEqual([expect.stringContaining('only the first answer token')]);
  expect(trainingWarnings({ ...qLora, adapter: 'adapter', options: {} }, base(1))).toHaveLength(1);
});

it('does not warn of others', () => {
  expect(trainingWarnings(qLora, base(2))).toEqual([]);
  expect(trainingWarnings({ ...qLora, options: {} }, base(1))).toEqual([]);
  expect(trainingWarnings({ ...qLora, scope: 'all' }, base(1))).toEqual([]);
  expect(trainingWarnings(qLora, { details: {} })).toEqual([]);
});
