import { describe, expect, it } from 'vitest';
import { randomStream, xoshiro128 } from './random-stream.js';

const draw = (count: number, next: () => number): number[] => Array.from({ length: count }, next);

describe('randomStream', () => {
  it('gives these numbers on every machine', () => {
    const random = randomStream(42, 'wte.weight');
    expect(draw(3, () => random.below(1_000_000))).toEqual([3164, 294146, 209650]);
  });

  it('is the published generator', () => {
    expect(draw(6, xoshiro128([1, 2, 3, 4]))).toEqual([11520, 0, 5927040, 70819200, 2031721883, 1637235492]);
  });

  it('depends on the seed and on the name', () => {
    const first = draw(4, randomStream(1, 'a').uniform);
    expect(draw(4, randomStream(1, 'a').uniform)).toEqual(first);
    expect(draw(4, randomStream(2, 'a').uniform)).not.toEqual(first);
    expect(draw(4, randomStream(1, 'b').uniform)).not.toEqual(first);
    expect(draw(4, randomStream(1 + 2 ** 32, 'a').uniform)).not.toEqual(first);
  });

  it('is uniform in [0, 1)', () => {
    const values = draw(20_000, randomStream(3).uniform);
    expect(values.every((x) => x >= 0 && x < 1)).toBe(true);
    expect(mean(values)).toBeCloseTo(0.5, 1);
    expect(mean(values.map((x) => (x - 0.5) ** 2))).toBeCloseTo(1 / 12, 2);
  });

  it('is normal with mean 0 and variance 1', () => {
    const values = draw(20_000, randomStream(4).normal);
    expect(Math.abs(mean(values))).toBeLessThan(0.03);
    expect(Math.abs(mean(values.map((x) => x * x)) - 1)).toBeLessThan(0.05);
    expect(Math.abs(mean(values.map((x) => x ** 4)) - 3)).toBeLessThan(0.3);
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}
