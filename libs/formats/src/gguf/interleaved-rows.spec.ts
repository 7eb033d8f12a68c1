import { expect, it } from 'vitest';
import { unpermuteRows } from './interleaved-rows.js';

it('takes even rows of a head first, then odd ones, each head for itself', () => {
  const rows = Float32Array.from({ length: 16 }, (_, index) => index);
  expect([...unpermuteRows(rows, 2, 2)]).toEqual([0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15]);
});
