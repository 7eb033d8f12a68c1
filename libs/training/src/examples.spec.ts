import { expect, it } from 'vitest';
import { TokenDataset } from './examples.js';

it('gives back every example, also across chunks', () => {
  const dataset = new TokenDataset();
  const examples = Array.from({ length: 70_000 }, (_, i) => ({
    tokens: Array.from({ length: 1 + (i % 40) }, (_, t) => i + t),
    promptLength: i % 3,
  }));
  const long = { tokens: Array.from({ length: (1 << 20) + 5 }, (_, t) => t), promptLength: 9 };
  for (const example of [...examples, long, ...examples.slice(0, 5)]) dataset.add(example);
  expect(dataset.length).toBe(examples.length + 6);
  for (const index of [0, 1, 39, 40_000, 65_535, 65_536, 69_999])
    expect(dataset.at(index)).toEqual(examples[index]);
  expect(dataset.at(70_000)).toEqual(long);
  expect(dataset.at(70_003)).toEqual(examples[2]);
  expect(dataset.at(70_006)).toBeUndefined();
  expect(dataset.at(-1)).toBeUndefined();
});
