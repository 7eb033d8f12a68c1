import type { BaseLayout } from '@prad/adapter-files';
import type { JsonObject } from '@prad/domain';
import { expect, it } from 'vitest';
import { trainingWarnings } from './training-warnings.js';

const size = { id: 'm', parameterCount: 135_000_000 };

function base(layers: number): typeof size & { readonly details: JsonObject } {
  const layout: BaseLayout = {
    ...{ modelType: 'llama', layers, hiddenSize: 4, heads: 2, kvHeads: 1, headDim: 2, sites: {} },
  };
  return { ...size, details: { layout: layout } };
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
  expect(trainingWarnings(qLora, { ...size, details: {} })).toEqual([]);
});

it('tells what training all weights takes where that is much', () => {
  const full = { adapter: 'full', scope: 'all', options: {} };
  expect(trainingWarnings(full, base(2))).toEqual([
    expect.stringMatching(/all 135000000 weights of m: .* about 8\.4 GB of memory .* 0\.5 GB of the store/),
  ]);
  expect(trainingWarnings(full, { ...base(2), parameterCount: 5_000_000 })).toEqual([]);
});
