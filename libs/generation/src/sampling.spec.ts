import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform } from './random.js';
import { likelihoodOf, sample, type Sampling } from './sampling.js';

const draws = 20_000;
const open: Sampling = { temperature: 1, topK: 0, topP: 1, seed: 5 };
const logits = Float32Array.of(1, 3, -2, 2.5, 0, 3, -30, 1.5);

/** The probabilities by definition: temperature, then top-k, then top-p, all sorted in full. */
function reference(values: Float32Array, { temperature, topK, topP, minP = 0 }: Sampling): number[] {
  const order = [...values.keys()].sort((a, b) => values[b]! - values[a]! || a - b);
  const kept = topK > 0 ? order.slice(0, topK) : order;
  const weights = kept.map((id) => Math.exp((values[id]! - values[order[0]!]!) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let held = 0;
  const nucleus = kept.filter((_, place) => {
    const open = held < topP * total;
    held += weights[place]!;
    return (topP >= 1 || open) && weights[place]! >= minP;
  });
  const inside = nucleus.reduce((sum, _, place) => sum + weights[place]!, 0);
  return Array.from(values, (_, id) => {
    const place = nucleus.indexOf(id);
    return place < 0 ? 0 : weights[place]! / inside;
  });
}

/** Pearson's statistic over the ids that are likely enough to be counted. */
function chiSquare(sampling: Sampling): { statistic: number; classes: number; impossible: number } {
  const expected = reference(logits, sampling);
  const counts = expected.map(() => 0);
  for (let index = 0; index < draws; index++) counts[sample(logits, sampling, { index })]!++;
  const counted = [...expected.keys()].filter((id) => expected[id]! * draws > 5);
  const statistic = counted.reduce((sum, id) => {
    const mean = expected[id]! * draws;
    return sum + (counts[id]! - mean) ** 2 / mean;
  }, 0);
  const impossible = counts.reduce((sum, count, id) => sum + (expected[id] === 0 ? count : 0), 0);
  return { statistic, classes: counted.length, impossible };
}

describe('sample', () => {
  it('takes the most likely token at temperature 0, the first of equals', () => {
    expect(sample(logits, { ...open, temperature: 0 }, { index: 0 })).toBe(1);
    expect(sample(logits, { ...open, topK: 1 }, { index: 0 })).toBe(1);
  });

  it.each([
    ['temperature 1', {}],
    ['temperature 0.5', { temperature: 0.5 }],
    ['temperature 2', { temperature: 2 }],
    ['top-k 3', { topK: 3 }],
    ['top-p 0.8', { topP: 0.8 }],
    ['min-p 0.2', { minP: 0.2 }],
    ['all together', { temperature: 1.5, topK: 5, topP: 0.9, minP: 0.3 }],
  ])('draws from the distribution: %s', (_name, change) => {
    const { statistic, classes, impossible } = chiSquare({ ...open, ...change });
    // 0.9999 quantile of chi-square with 7 degrees of freedom is 29.9; fewer classes need less.
    expect(statistic).toBeLessThan(30);
    expect(classes).toBeGreaterThan(1);
    expect(impossible).toBe(0);
  });

  it('repeats a draw for the same seed and index only', () => {
    const of = (seed: number, index: number) => sample(logits, { ...open, seed }, { index });
    const streams = [1, 2].map((seed) => Array.from({ length: 40 }, (_, index) => of(seed, index)));
    expect(streams[0]).toEqual(Array.from({ length: 40 }, (_, index) => of(1, index)));
    expect(streams[0]).not.toEqual(streams[1]);
    expect(new Set(streams[0]).size).toBeGreaterThan(2);
  });

  it('selects in part what a full sort would select', () => {
    const values = fc.array(fc.integer({ min: -64, max: 64 }), { minLength: 2, maxLength: 40 });
    const params = fc.record({
      temperature: fc.constantFrom(0.2, 1, 3),
      topK: fc.nat({ max: 12 }),
      topP: fc.constantFrom(0.05, 0.5, 0.9, 0.999),
      minP: fc.constantFrom(0, 0.05, 0.5, 1),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(values, params, (array, sampling) => {
        const row = Float32Array.from(array, (eighths) => eighths / 8);
        const chosen = sample(row, sampling, { index: 0 });
        expect(reference(row, sampling)[chosen]).toBeGreaterThan(0);
      }),
    );
  });

  it('finds the first of the largest anywhere among infinities and what is no number', () => {
    const values = fc.array(fc.constantFrom(-Infinity, NaN, -2, -1, 0, 1, 2), { maxLength: 40 });
    fc.assert(
      fc.property(values, values, fc.constantFrom(-3, 3), (before, after, known) => {
        const row = Float32Array.of(...before, known, ...after);
        const largest = Math.max(...row.filter((logit) => !Number.isNaN(logit)));
        expect(sample(row, { ...open, temperature: 0 }, { index: 0 })).toBe(row.indexOf(largest));
      }),
    );
  });

  it('tells log-probabilities of the chosen and of the likeliest tokens', () => {
    const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    const { logprob, top } = likelihoodOf(logits, 4, 3);
    expect(logprob).toBeCloseTo(-total, 12);
    expect(top.map(({ tokenId }) => tokenId)).toEqual([1, 5, 3]);
    top.forEach((entry) => {
      expect(entry.logprob).toBeCloseTo(logits[entry.tokenId]! - total, 12);
    });
    expect(likelihoodOf(logits, 4, 0).top).toEqual([]);
  });

  it('refuses logits that are no numbers', () => {
    expect(() => sample(Float32Array.of(NaN, NaN), open, { index: 0 })).toThrow(
      /largest is not a finite number/,
    );
    expect(() => sample(Float32Array.of(0, Infinity), open, { index: 0 })).toThrow(/not a finite number/);
  });
});

describe('uniform', () => {
  it('fills [0, 1) evenly over indices, over seeds and over choices', () => {
    for (const at of [
      ...[(i: number) => uniform(7, i), (i: number) => uniform(i, 0)],
      ...[(i: number) => uniform(7, i, 3), (i: number) => uniform(7, 0, i)],
    ]) {
      const bins = new Array<number>(20).fill(0);
      for (let i = 0; i < draws; i++) bins[Math.floor(at(i) * 20)]!++;
      const mean = draws / 20;
      const statistic = bins.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
      expect(statistic).toBeLessThan(56); // 0.99999 quantile, 19 degrees of freedom
    }
  });
});
