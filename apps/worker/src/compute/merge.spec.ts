import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { merge } from './merge.js';

async function* after(...events: readonly (readonly [number, string])[]): AsyncGenerator<string> {
  for (const [milliseconds, text] of events) {
    await sleep(milliseconds);
    yield text;
  }
}

async function* failing(): AsyncGenerator<string> {
  yield await Promise.resolve('first');
  throw new Error('broken');
}

it('yields the events of all sources as they come', async () => {
  const seen: string[] = [];
  for await (const event of merge([after([1, 'a'], [60, 'd']), after([30, 'b'], [1, 'c'])])) seen.push(event);
  expect(seen).toEqual(['a', 'b', 'c', 'd']);
});

it('ends with the first failure, after what came before it', async () => {
  const seen: string[] = [];
  const reading = (async () => {
    for await (const event of merge([failing(), after([500, 'late'])])) seen.push(event);
  })();
  await expect(reading).rejects.toThrow('broken');
  expect(seen).toEqual(['first']);
});

it('ends at once without sources', async () => {
  for await (const event of merge([])) expect.unreachable(String(event));
});
