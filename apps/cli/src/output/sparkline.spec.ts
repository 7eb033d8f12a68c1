import { expect, it } from 'vitest';
import { sparkline } from './sparkline.js';

it.each([
  [[], 8, ''],
  [[3], 8, '▁'],
  [[2, 2, 2], 8, '▁▁▁'],
  [[8, 7, 6, 5, 4, 3, 2, 1], 8, '█▇▆▅▄▃▂▁'],
  [[9, 7, 1, 1, 5, 5], 3, '█▁▅'],
])('draws %j in %i columns', (values, width, line) => {
  expect(sparkline(values, width)).toBe(line);
});
