import { expect, it } from 'vitest';
import { echoed } from './echoed.js';
import type { GenerateEvent } from './generation-messages.js';

const facts = {
  finishReason: 'stop' as const,
  ...{ logProbabilities: null, promptTokens: 1, cachedTokens: 0, completionTokens: 1 },
  ...{ prefillMs: 1, decodeMs: 1, maxRows: 1, maxAdapters: 0 },
};
const token = (offset: number) => ({ token: 'x', bytes: 'eA==', logprob: -1, offset, top: [] });

async function told(events: readonly GenerateEvent[], prompt: string): Promise<GenerateEvent[]> {
  async function* source(): AsyncGenerator<GenerateEvent, void> {
    yield* await Promise.resolve(events);
  }
  const all: GenerateEvent[] = [];
  for await (const event of echoed(source(), prompt)) all.push(event);
  return all;
}

it('begins each choice with the prompt, one without a text too, and shifts the tokens', async () => {
  const events: GenerateEvent[] = [
    { type: 'text', choice: 2, text: 'x', tokens: [token(0)] },
    { type: 'end', choice: 3, ...facts },
    { type: 'text', choice: 2, text: 'x', tokens: [token(1)] },
    { type: 'end', choice: 2, ...facts },
  ];
  expect(await told(events, 'The inn')).toEqual([
    { type: 'text', choice: 2, text: 'The inn' },
    { type: 'text', choice: 2, text: 'x', tokens: [token(7)] },
    { type: 'text', choice: 3, text: 'The inn' },
    events[1],
    { type: 'text', choice: 2, text: 'x', tokens: [token(8)] },
    events[3],
  ]);
  expect(await told(events, '')).toEqual(events);
});
