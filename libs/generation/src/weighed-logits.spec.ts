import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exponential } from './exponential.js';
import { weighedLogits } from './weighed-logits.js';

/** More than a block, so that sums go over several; eighths, so that many weigh the same. */
const logitsOf = fc.array(fc.integer({ min: -800, max: 80 }), { minLength: 1, maxLength: 700 });

interface Weight {
  readonly id: number;
  readonly weight: number;
}

/** By definition: all sorted in full. */
function likeliestFirst(logits: Float32Array, temperature: number): Weight[] {
  const highest = Math.max(...logits);
  return Array.from(logits, (logit, id) => ({ id, weight: Math.exp((logit - highest) / temperature) })).sort(
    (a, b) => b.weight - a.weight || a.id - b.id,
  );
}

/** Which ids a fine comb of shares draws. */
function drawn(weighed: ReturnType<typeof weighedLogits>): Set<number> {
  return new Set(Array.from({ length: 4096 }, (_, tooth) => weighed.draw(tooth / 4096)));
}

describe('weighedLogits', () => {
  it.each([
    { topP: 0.3, minP: 0 },
    { topP: 0.9, minP: 0 },
    { topP: 0.999, minP: 0.02 },
    { topP: 1, minP: 0.5 },
    { topP: 1, minP: 0 },
  ])('keeps the nucleus $topP and what weighs $minP', ({ topP, minP }) => {
    fc.assert(
      fc.property(logitsOf, fc.constantFrom(0.5, 1, 2), (eighths, temperature) => {
        const logits = Float32Array.from(eighths, (value) => value / 8);
        const weighed = weighedLogits(logits.length);
        weighed.weigh(logits, Math.max(...logits), temperature);
        if (topP < 1) weighed.keepNucleus(topP);
        weighed.keepAbove(minP);
        const all = likeliestFirst(logits, temperature);
        const total = all.reduce((sum, { weight }) => sum + weight, 0);
        let held = 0;
        const before = all.map(({ weight }) => (held += weight) - weight);
        // Rounding decides where a sum is all but reached; what is too rare for the comb need not be found.
        const allowed = all.filter(
          ({ weight }, place) => (before[place] ?? 0) < (topP + 1e-6) * total && weight >= minP * (1 - 1e-6),
        );
        const needed = allowed.filter(
          ({ weight }, place) =>
            (before[place] ?? 0) < (topP - 1e-6) * total &&
            weight > minP * (1 + 1e-6) &&
            weight > total / 4000,
        );
        const found = drawn(weighed);
        expect(needed.filter(({ id }) => !found.has(id))).toEqual([]);
        expect([...found].filter((drawnId) => !allowed.some(({ id }) => id === drawnId))).toEqual([]);
      }),
    );
  });

  it('draws each id for its share, in the order of ids', () => {
    const weighed = weighedLogits(600);
    const logits = Float32Array.from({ length: 600 }, (_, id) => (id % 7) - 3);
    weighed.weigh(logits, 3, 1);
    const weights = Array.from(logits, (logit) => Math.exp(logit - 3));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let held = 0;
    weights.forEach((weight, id) => {
      expect(weighed.draw((held + weight / 2) / total)).toBe(id);
      held += weight;
    });
    expect(weighed.draw(1)).toBe(599);
  });

  it('gives no weight to what is no number or nothing beside the likeliest', () => {
    const weighed = weighedLogits(5);
    weighed.weigh(Float32Array.of(NaN, -Infinity, 0, -200, NaN), 0, 1);
    expect([...drawn(weighed)]).toEqual([2]);
    weighed.keepNucleus(0.99);
    expect([...drawn(weighed)]).toEqual([2]);
  });

  it('takes other logits into the same memory', () => {
    const weighed = weighedLogits(3);
    weighed.weigh(Float32Array.of(9, 0, 0), 9, 0.1);
    expect(weighed.draw(0.5)).toBe(0);
    weighed.weigh(Float32Array.of(0, 0, 9), 9, 0.1);
    expect(weighed.draw(0.5)).toBe(2);
  });
});

describe('exponential', () => {
  it('is e^x to a part in 10^12, and 0 where a float32 would not hold it', () => {
    let worst = 0;
    for (let x = 0; x > -87; x -= 0.00137)
      worst = Math.max(worst, Math.abs(exponential(x) / Math.exp(x) - 1));
    expect(worst).toBeLessThan(1e-12);
    expect([exponential(-87.5), exponential(-Infinity), exponential(NaN)]).toEqual([0, 0, 0]);
  });
});
