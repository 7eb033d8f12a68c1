import { randomStream } from '@prad/nn';
import { expect, it } from 'vitest';
import { quantiseChannels } from './quantise-channels.js';

const [ROWS, COLUMNS] = [5, 33];

/** A weight's columns between those of others, and what they stand for. */
function rounded(values: Float32Array): { restored: Float32Array; others: number[]; largest: number } {
  const stride = ROWS + 3;
  const quantised = new Int8Array(COLUMNS * stride).fill(99);
  const scales = new Float32Array(stride).fill(99);
  quantiseChannels(values, { rows: ROWS, columns: COLUMNS }, { quantised, scales, first: 2 });
  const restored = values.map((_, index) => {
    const [row, column] = [Math.floor(index / COLUMNS), index % COLUMNS];
    return quantised[column * stride + 2 + row]! * scales[2 + row]!;
  });
  const own = (column: number): boolean => column >= 2 && column < 2 + ROWS;
  const numbers = [...quantised].filter((_, index) => own(index % stride));
  const others = [...quantised].filter((_, index) => !own(index % stride));
  return {
    restored,
    others: [...others, scales[1]!, scales[7]!],
    largest: Math.max(...numbers.map(Math.abs)),
  };
}

it('writes a weight as columns among others, each channel within half a step of its own', () => {
  const random = randomStream(3);
  const values = Float32Array.from({ length: ROWS * COLUMNS }, (_, index) => {
    const row = Math.floor(index / COLUMNS);
    return 10 ** (row - 2) * random.normal();
  });
  const { restored, others, largest } = rounded(values);
  expect(new Set(others)).toEqual(new Set([99]));
  // As much as 16-bit sums of two products with 255 hold.
  expect(largest).toBe(64);
  for (let row = 0; row < ROWS; row++) {
    const channel = values.subarray(row * COLUMNS, (row + 1) * COLUMNS);
    const step = Math.max(...channel.map(Math.abs)) / 64;
    channel.forEach((value, k) => {
      expect(Math.abs(restored[row * COLUMNS + k]! - value)).toBeLessThan(0.501 * step);
    });
  }
});

it('keeps channels of zeros, and of the least numbers that there are', () => {
  expect(rounded(new Float32Array(ROWS * COLUMNS)).restored.every((value) => value === 0)).toBe(true);
  expect(rounded(new Float32Array(ROWS * COLUMNS).fill(1e-45)).restored.every(Number.isFinite)).toBe(true);
});

it.each([NaN, Infinity, -Infinity])('refuses %d', (value) => {
  const values = new Float32Array(ROWS * COLUMNS);
  values[3 * COLUMNS + 4] = value;
  expect(() => rounded(values)).toThrow(/row 3 of the weight holds/);
});
