import { describe, expect, it } from 'vitest';
import { served } from '../testing/hash-executor.js';
import { blockNames, PrefixCache } from './prefix-cache.js';

const tokens = [1, 2, 3, 4, 5, 6, 7];
const names = (changes: Partial<Parameters<typeof blockNames>[0]> = {}, key = 'base float32') =>
  blockNames({ tokens, adapter: served('a'), ...changes }, 2, key);

describe('blockNames', () => {
  it('names whole blocks, by all tokens up to their ends', () => {
    expect(names()).toHaveLength(3);
    expect(names({ tokens: [1, 2, 3, 4, 9, 9] }).slice(0, 2)).toEqual(names().slice(0, 2));
    expect(names({ tokens: [1, 2, 3, 4, 9, 9] })[2]).not.toBe(names()[2]);
    expect(names({ tokens: [9, 2, 3, 4] })[1]).not.toBe(names()[1]);
  });

  it.each([
    ['another content under the same name', names({ adapter: served('b') })],
    ['another mask policy', names({ adapter: served('a', true) })],
    ['no adapter', names({ adapter: undefined })],
    ['another base', names({}, 'other float32')],
    ['another dtype', names({}, 'base float16')],
  ])('shares no name with %s', (_what, others) => {
    expect(others.filter((name) => names().includes(name))).toEqual([]);
  });
});

describe('PrefixCache', () => {
  it('finds the first blocks of a prompt, where they are worth a run', () => {
    const cache = new PrefixCache(100, 10);
    cache.keep(['a', 'b', 'c']);
    expect(cache.match(['a', 'b', 'c', 'd'])).toBe(3);
    expect(cache.match(['a', 'b', 'x', 'c'])).toBe(2);
    expect(cache.match(['a', 'x', 'c'])).toBe(0);
    expect(cache.match(['x', 'b', 'c'])).toBe(0);
  });

  it('lets go of what was used least lately, the ends of prompts first', () => {
    const cache = new PrefixCache(45, 10);
    expect(cache.keep(['a', 'b'])).toEqual({ added: [0, 1], dropped: [] });
    expect(cache.keep(['x', 'y']).dropped).toEqual([]);
    expect(cache.keep(['a', 'c'])).toEqual({ added: [1], dropped: ['b'] });
    expect(cache.bytes).toBe(40);
    expect(cache.keep(['m', 'n', 'o'])).toEqual({ added: [0, 1, 2], dropped: ['y', 'x', 'c'] });
  });

  it('keeps no more of a prompt than it has room for', () => {
    const cache = new PrefixCache(25, 10);
    expect(cache.keep(['a', 'b', 'c', 'd'])).toEqual({ added: [0, 1], dropped: [] });
    expect(cache.clear().toSorted()).toEqual(['a', 'b']);
    expect(cache.bytes).toBe(0);
  });
});
