import { describe, expect, it } from 'vitest';
import { distributionOf } from './token-lengths.js';

describe('distributionOf', () => {
  it('counts every length once, in bins of one round width', () => {
    const lengths = Array.from({ length: 500 }, (_, i) => 13 + ((i * 7) % 241));
    const { bins, min, max } = distributionOf(lengths);
    expect([min, max]).toEqual([13, 253]);
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(500);
    expect(new Set(bins.map(({ from, to }) => to - from))).toEqual(new Set([20]));
    for (const { from, to, count } of bins) {
      expect(count).toBe(lengths.filter((length) => length >= from && length < to).length);
    }
  });

  it('interpolates median and 95th percentile', () => {
    expect(distributionOf([4, 1, 3, 2])).toMatchObject({ median: 2.5, p95: 3.8499999999999996, max: 4 });
  });

  it('is one bin of one token for lengths that are all the same', () => {
    expect(distributionOf([9, 9, 9])).toEqual({
      ...{ min: 9, median: 9, p95: 9, max: 9 },
      bins: [{ from: 9, to: 10, count: 3 }],
    });
  });
});
