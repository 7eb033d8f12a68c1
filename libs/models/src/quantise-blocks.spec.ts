import { describe, expect, it } from 'vitest';
import { randomStream } from '@prad/nn';
import { BLOCK_SIZE, quantiseBlocks, type BlockBits } from './quantise-blocks.js';

interface Size {
  readonly rows: number;
  readonly columns: number;
}

const nibble = (bytes: Uint8Array, index: number): number => (bytes[index >> 1]! >> (4 * (index & 1))) & 15;

/** What the product will compute with, read by the layout that MatMulNBits documents. */
function restored(values: Float32Array, { rows, columns }: Size, bits: BlockBits): Float32Array {
  const { quantised, scales, zeroPoints } = quantiseBlocks(values, { rows, columns }, bits);
  const blocks = Math.ceil(columns / BLOCK_SIZE);
  const zeroRow = 2 * Math.ceil(blocks / 2);
  expect(quantised).toHaveLength((rows * blocks * BLOCK_SIZE * bits) / 8);
  expect(scales).toHaveLength(rows * blocks);
  return values.map((_, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    const block = Math.floor(column / BLOCK_SIZE);
    const place = (row * blocks + block) * BLOCK_SIZE + (column % BLOCK_SIZE);
    const zero = zeroPoints ? nibble(zeroPoints, row * zeroRow + block) : 128;
    const code = bits === 4 ? nibble(quantised, place) : quantised[place]!;
    return (code - zero) * scales[row * blocks + block]!;
  });
}

function normal(count: number, mean = 0): Float32Array {
  const random = randomStream(7);
  return Float32Array.from({ length: count }, () => mean + random.normal());
}

function largestGap(a: Float32Array, b: Float32Array): number {
  return a.reduce((gap, value, i) => Math.max(gap, Math.abs(value - b[i]!)), 0);
}

function relativeError(a: Float32Array, b: Float32Array): number {
  const squares = (of: (i: number) => number): number => a.reduce((sum, _, i) => sum + of(i) ** 2, 0);
  return Math.sqrt(squares((i) => a[i]! - b[i]!) / squares((i) => a[i]!));
}

describe('quantiseBlocks', () => {
  it('rounds normal weights to 8 bits within half a step, and to 4 bits better than plain rounding does', () => {
    const size = { rows: 64, columns: 256 };
    const values = normal(64 * 256);
    expect(relativeError(values, restored(values, size, 8))).toBeLessThan(0.006);
    // Plain rounding from the least to the largest weight of a block: 0.079.
    expect(relativeError(values, restored(values, size, 4))).toBeLessThan(0.078);
    for (let row = 0; row < 64; row++) {
      const part = values.subarray(row * 256, row * 256 + 32);
      const step = Math.max(...part.map(Math.abs)) / 127;
      const gap = largestGap(part, restored(part, { rows: 1, columns: 32 }, 8));
      expect(gap).toBeLessThan(0.501 * step);
    }
  });

  it.each([4, 8] as const)('keeps %i-bit whole numbers as they are', (bits) => {
    const [low, high] = bits === 4 ? [-5, 10] : [-127, 127];
    const values = Float32Array.from({ length: 3 * 64 }, (_, i) => 0.5 * (low + (i % (high - low + 1))));
    // Every block reaches its ends.
    for (let b = 0; b < 6; b++) values.set([0.5 * low, 0.5 * high], b * BLOCK_SIZE);
    expect(largestGap(values, restored(values, { rows: 3, columns: 64 }, bits))).toBeLessThan(1e-5);
  });

  it.each([4, 8] as const)('%i bits: pads the last block of a row, whatever the number of blocks', (bits) => {
    for (const columns of [1, 31, 33, 64, 100]) {
      const values = normal(5 * columns);
      expect(relativeError(values, restored(values, { rows: 5, columns }, bits))).toBeLessThan(0.09);
    }
  });

  it.each([4, 8] as const)('%i bits: zeros stay zeros and constant rows keep their value', (bits) => {
    const values = Float32Array.from({ length: 4 * 40 }, (_, i) => [0, 3.7, -1e-3, 1e6][Math.floor(i / 40)]!);
    const back = restored(values, { rows: 4, columns: 40 }, bits);
    expect([...back.subarray(0, 40)]).toEqual(Array.from({ length: 40 }, () => 0));
    back.forEach((value, i) => {
      expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(1e-6 * Math.abs(values[i]!));
    });
  });

  it.each([4, 8] as const)('%i bits: weights far from zero, huge and tiny ones', (bits) => {
    const size = { rows: 1, columns: 32 };
    const error = (values: Float32Array): number => relativeError(values, restored(values, size, bits));
    expect(error(normal(32, 5))).toBeLessThan(0.06);
    expect(error(normal(32, -5))).toBeLessThan(0.06);
    expect(error(normal(32).map((value) => 1e38 * Math.max(-3, Math.min(3, value))))).toBeLessThan(0.1);
    const tiny = normal(32).map((value) => 1e-46 * value);
    expect(restored(tiny, size, bits).every(Number.isFinite)).toBe(true);
    const outlier = normal(32).map((value, i) => (i === 3 ? 1000 : value));
    expect(Math.abs(restored(outlier, size, bits)[3]! - 1000)).toBeLessThan(1);
  });

  it.each([NaN, Infinity, -Infinity])('refuses %d', (value) => {
    const values = normal(64);
    values[40] = value;
    expect(() => quantiseBlocks(values, { rows: 2, columns: 32 }, 4)).toThrow(/row 1 of the weight holds/);
  });
});
