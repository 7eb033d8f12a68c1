import { cacheName } from '@prad/nn';
import { expect, it } from 'vitest';
import { HostCache } from './host-cache.js';
import { BLOCK_TOKENS } from './key-value-cache.js';

const [KV_HEADS, CAPACITY, HEAD_DIM] = [2, 4, 3];
const SLOT = KV_HEADS * CAPACITY * HEAD_DIM;

it('copies what a slot holds into others, and leaves it and the rest as they are', async () => {
  const cache = new HostCache({ layers: 2, kvHeads: KV_HEADS, headDim: HEAD_DIM } as never, 4, CAPACITY);
  const rows = [0, 1, 2, 3].map((slot) => ({
    ...{ request: slot, slot, tokens: [7], past: 0, prompt: undefined, adapter: undefined },
  }));
  const parts = new Map<string, Float32Array>();
  await cache.run(rows, ({ present }) => {
    for (const layer of [0, 1])
      for (const part of ['key', 'value'] as const) {
        const name = cacheName('present', layer, part);
        const { data } = present[name] as { data: Float32Array };
        data.forEach((_, place) => (data[place] = place + 1000 * parts.size));
        parts.set(name, data);
      }
    return Promise.resolve();
  });
  const before = [...parts.values()].map((data) => data.slice());
  await cache.copy([
    { from: 1, to: 3, length: 2 },
    { from: 1, to: 0, length: 2 },
  ]);
  [...parts.values()].forEach((data, part) => {
    data.forEach((value, place) => {
      const slot = Math.floor(place / SLOT);
      const position = Math.floor((place % (CAPACITY * HEAD_DIM)) / HEAD_DIM);
      const source = (slot === 3 || slot === 0) && position < 2 ? place + (1 - slot) * SLOT : place;
      expect(value).toBe(before[part]![source]);
    });
  });
});

it('keeps a block in the memory of one that was dropped, whole and for itself', async () => {
  const room = 2 * BLOCK_TOKENS;
  const cache = new HostCache({ layers: 1, kvHeads: KV_HEADS, headDim: HEAD_DIM } as never, 3, room);
  const rows = [0, 1, 2].map((slot) => ({
    ...{ request: slot, slot, tokens: [7], past: 0, prompt: undefined, adapter: undefined },
  }));
  let keys = new Float32Array();
  await cache.run(rows, ({ present }) => {
    keys = (present[cacheName('present', 0, 'key')] as { data: Float32Array<ArrayBuffer> }).data;
    return Promise.resolve();
  });
  keys.forEach((_, place) => (keys[place] = place));
  const kept = keys.slice();
  cache.save({ slot: 0, start: 0, block: 'first' });
  cache.drop('first');
  cache.save({ slot: 0, start: BLOCK_TOKENS, block: 'second' });
  cache.save({ slot: 1, start: 0, block: 'third' });
  const load = (slot: number, block: string): void => {
    cache.load({ slot, adapter: undefined, blocks: [block] });
  };
  expect(() => {
    load(2, 'first');
  }).toThrow('no block first is kept');
  const slot = KV_HEADS * room * HEAD_DIM;
  const heads = (of: Float32Array, at: number, start: number): number[][] =>
    Array.from({ length: KV_HEADS }, (_, head) => {
      const from = at * slot + (head * room + start) * HEAD_DIM;
      return [...of.subarray(from, from + BLOCK_TOKENS * HEAD_DIM)];
    });
  load(2, 'second');
  expect(heads(keys, 2, 0)).toEqual(heads(kept, 0, BLOCK_TOKENS));
  load(2, 'third');
  expect(heads(keys, 2, 0)).toEqual(heads(kept, 1, 0));
});
