import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { argMax, argMaxOfBlocks, blockOf } from './arg-max.js';

/** Few different numbers, so that equals are common. */
const values = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 48, maxLength: 48 });
const numbers = (ids: readonly number[], none: readonly number[]): Float32Array =>
  Float32Array.from(ids, (value, place) => (none.includes(place) ? Number.NaN : value));

describe('argMax', () => {
  it('finds the first of the largest, with or without the maxima of blocks', () => {
    fc.assert(
      fc.property(values, fc.constantFrom(1, 2, 3, 48), (ids, blocks) => {
        const all = Float32Array.from(ids);
        const size = all.length / blocks;
        const maxima = Float32Array.from({ length: blocks }, (_, block) =>
          Math.max(...all.subarray(block * size, (block + 1) * size)),
        );
        const first = ids.indexOf(Math.max(...ids));
        expect(argMax(all)).toBe(first);
        expect(argMaxOfBlocks(all, maxima)).toBe(first);
      }),
    );
  });

  it('passes over what is no number', () => {
    const all = numbers([5, 9, 7, 9], [1]);
    expect(argMax(all)).toBe(3);
    expect(argMaxOfBlocks(all, Float32Array.of(Number.NaN, 9))).toBe(3);
    expect(argMaxOfBlocks(numbers([5, 9], [0, 1]), Float32Array.of(Number.NaN, Number.NaN))).toBe(-1);
    const least = new Float32Array(4).fill(Number.NEGATIVE_INFINITY);
    expect(argMaxOfBlocks(least, least.subarray(0, 2))).toBe(-1);
  });
});

it('takes the longest equal blocks that a vocabulary has', () => {
  expect([49_152, 32_000, 50_257, 151_936, 96].map(blockOf)).toEqual([1_024, 1_000, 29, 128, 48]);
  // Prime, and twice a prime.
  expect([50_261, 50_254].map(blockOf)).toEqual([undefined, undefined]);
});
