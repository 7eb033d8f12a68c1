import { zeros } from '@prad/tensor';
import { expect, it } from 'vitest';
import { served } from '../testing/hash-executor.js';
import { AdapterBank } from './adapter-bank.js';
import type { ServedAdapter } from './served-adapter.js';

const BYTES = 400;

function sized(digest: string): ServedAdapter {
  const tensors = new Map([['factor', zeros('float32', [BYTES / 4])]]);
  return { ...served(digest), loaded: { adapter: {}, served: tensors } as never };
}

function bankOf(budget: number) {
  const bank = new AdapterBank(budget);
  const loads: string[] = [];
  const get = (digest: string) =>
    bank.get(digest, async () => {
      await new Promise(setImmediate);
      loads.push(digest);
      return sized(digest);
    });
  return { bank, loads, get };
}

it('reads an adapter once, also for those who ask at the same time', async () => {
  const { loads, get } = bankOf(10 * BYTES);
  const [one, two] = await Promise.all([get('a'), get('a')]);
  expect(two).toBe(one);
  expect(await get('a')).toBe(one);
  expect(loads).toEqual(['a']);
});

it('lets go of those that were used least lately, by their bytes', async () => {
  const { bank, loads, get } = bankOf(2 * BYTES);
  for (const digest of ['a', 'b', 'a', 'c', 'a', 'b']) await get(digest);
  expect(loads).toEqual(['a', 'b', 'c', 'b']);
  expect(bank.bytes).toBe(2 * BYTES);
});

it('serves thousands of adapters in turn within its budget, and one beyond it', async () => {
  const { bank, loads, get } = bankOf(BYTES / 2);
  for (let index = 0; index < 2000; index++) expect((await get(`${index}`)).digest).toBe(`${index}`);
  expect(loads).toHaveLength(2000);
  expect(bank.bytes).toBe(BYTES);
});

it('tries again after a reading that failed', async () => {
  const { bank, get } = bankOf(BYTES);
  await expect(bank.get('a', () => Promise.reject(new Error('no file')))).rejects.toThrow('no file');
  expect((await get('a')).digest).toBe('a');
});
