import { tensor } from '@prad/tensor';
import { expect, it } from 'vitest';
import { decodeAdapter, encodeAdapter } from './adapter-artefact.js';

const artefact = {
  ...{ method: 'lora', options: { rank: 2, scale: 4 }, scope: 'prompt' },
  ...{
    baseDigest: 'd',
    baseModel: 'base',
    tensors: new Map([['a', tensor('float32', [1], Float32Array.of(1))]]),
  },
};

it('reads the scale of a lora of the first release as its alpha, and no other method’s', async () => {
  const read = async (method: string) =>
    (await decodeAdapter(encodeAdapter({ ...artefact, method }), 'x')).options;
  expect(await read('lora')).toEqual({ rank: 2, alpha: 4 });
  expect(await read('adapter')).toEqual({ rank: 2, scale: 4 });
});
