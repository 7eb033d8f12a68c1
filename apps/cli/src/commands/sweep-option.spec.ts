import { expect, it } from 'vitest';
import { sweepOption } from './sweep-option.js';

it('gathers lists by name', () => {
  const first = sweepOption('learning_rate=1e-3,3e-3');
  expect(sweepOption('rank=8', first)).toEqual({ learning_rate: [1e-3, 3e-3], rank: [8] });
});

it.each(['rank', 'rank=', 'rank=8,', 'rank=a', '=8', 'rank=8=9'])('refuses %s', (text) => {
  expect(() => sweepOption(text)).toThrow('expected <name>=<number>');
});
