import { describe, expect, it } from 'vitest';
import { BeamSearch, type BeamOptions } from './beam-search.js';

const V = 12;
const END = 0;

/** Logits [V] that depend on the last two tokens. */
function logitsOf(tokens: readonly number[], seed: number): Float32Array {
  const state = (tokens.at(-1) ?? 50) * 7919 + (tokens.at(-2) ?? 50) * 104_729 + seed;
  return Float32Array.from(
    { length: V },
    (_, id) => ((Math.imul(state ^ (id * 0x9e37), 0x85eb_ca6b) >>> 8) % 997) / 300,
  );
}

function search(
  options: Partial<BeamOptions>,
  limit: number,
  logits: (tokens: readonly number[]) => Float32Array,
) {
  const found = new BeamSearch(
    { numBeams: 3, lengthPenalty: 1, earlyStopping: false, ...options },
    { limit, endTokens: new Set([END]), stops: () => false },
  );
  while (!found.done) found.step(found.beams.map(({ tokens }) => logits(tokens)));
  return found.hypotheses;
}

describe('BeamSearch', () => {
  it('is greedy with one beam', () => {
    const lengths = new Set<number>();
    for (let seed = 0; seed < 40; seed++) {
      const greedy: number[] = [];
      while (greedy.length < 8 && greedy.at(-1) !== END) {
        const logits = logitsOf(greedy, seed);
        greedy.push(logits.indexOf(Math.max(...logits)));
      }
      lengths.add(greedy.length);
      const found = search({ numBeams: 1 }, 8, (tokens) => logitsOf(tokens, seed));
      expect(found.map(({ tokens }) => tokens)).toEqual([greedy]);
    }
    expect(lengths.size).toBeGreaterThan(3);
  });

  it('keeps the earlier beam, then the lower token, of equal scores', () => {
    const alike = search({ numBeams: 3 }, 2, () => new Float32Array(V));
    // The end token, with the others' probability, is among the first three, and ends better for its length.
    expect(alike.map(({ tokens }) => tokens)).toEqual([[END], [1, END], [1, 1]]);
    expect(alike.map(({ score }) => score)).toEqual(new Array(3).fill(Math.fround(-Math.log(V))));
  });

  it('gives scores over the length to the power of the penalty', () => {
    for (const lengthPenalty of [-1, 0, 2]) {
      const [best] = search({ lengthPenalty }, 5, (tokens) => logitsOf(tokens, 3));
      const { tokens, score } = best!;
      const sum = tokens.reduce((total, token, place) => {
        const logits = logitsOf(tokens.slice(0, place), 3);
        return total + logits[token]! - Math.log(logits.reduce((all, logit) => all + Math.exp(logit), 0));
      }, 0);
      expect(score).toBeCloseTo(sum / tokens.length ** lengthPenalty, 5);
    }
  });

  it('refuses more beams than the vocabulary has tokens for', () => {
    expect(() => search({ numBeams: 7 }, 3, () => new Float32Array(V))).toThrow(/num_beams 7.*14.*knows 12/);
  });
});
