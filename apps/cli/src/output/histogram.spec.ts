import { expect, it } from 'vitest';
import { histogram } from './histogram.js';

it('draws a bar for each bin, which only nothing leaves empty', () => {
  const bins = [
    { from: 5, to: 10, count: 400 },
    { from: 10, to: 15, count: 205 },
    { from: 15, to: 20, count: 0 },
    { from: 20, to: 25, count: 1 },
  ];
  expect(histogram('prompt', { min: 6, median: 8.25, p95: 13.05, max: 22, bins }).split('\n')).toEqual([
    'prompt: median 8.3, 95 % up to 13.1, 6 to 22 tokens',
    `    5 to 9  ${'█'.repeat(40)} 400`,
    `  10 to 14  ${'█'.repeat(20)}▌ 205`,
    '  15 to 19  0',
    '  20 to 24  ▏ 1',
  ]);
});
