/** A reproducible stream of numbers; the same on every machine that runs the same JavaScript engine. */
export interface RandomStream {
  /** Uniform in [0, 1), 53 bits. */
  readonly uniform: () => number;
  /** Mean 0, variance 1. */
  readonly normal: () => number;
  /** A whole number in [0, bound). */
  readonly below: (bound: number) => number;
}

/**
 * xoshiro128** (Blackman and Vigna, public domain), its state filled by splitmix32 from the seed and the name.
 * Streams of different names are independent.
 */
export function randomStream(seed: number, name = ''): RandomStream {
  const next = xoshiro128(seedState(seed, name));
  const uniform = (): number => ((next() >>> 5) * 0x4000000 + (next() >>> 6)) / 2 ** 53;
  return {
    uniform,
    // Box-Muller; 1 - u keeps the logarithm finite.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    below: (bound) => Math.floor(uniform() * bound),
  };
}

type State = [number, number, number, number];

/** Whole numbers of 32 bits; the state may not be all zeros. */
export function xoshiro128(state: State): () => number {
  return () => {
    const [a, b, c, d] = state;
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const [c1, d1] = [c ^ a, d ^ b];
    state[0] = a ^ d1;
    state[1] = b ^ c1;
    state[2] = c1 ^ (b << 9);
    state[3] = rotateLeft(d1, 11);
    return result;
  };
}

function seedState(seed: number, name: string): State {
  let word = Math.imul(seed | 0, 0x9e3779b9) ^ Math.imul(Math.floor(seed / 2 ** 32) | 0, 0x85ebca6b);
  // FNV-1a over the name, mixed by splitmix32's finaliser.
  for (const unit of name) word = Math.imul(word ^ (unit.codePointAt(0) ?? 0), 0x01000193);
  const split = (): number => {
    word = (word + 0x9e3779b9) | 0;
    let mixed = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  return [split(), split(), split(), split() | 1];
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
