import { expect, it } from 'vitest';
import type { GenerateEvent } from './generation-messages.js';
import { likeliest } from './likeliest.js';

const facts = {
  ...{ promptTokens: 5, answerTokens: 7, queueMs: 1, prefillMs: 2, scoreMs: 3, maxRows: 4, maxAdapters: 1 },
};

it('answers with the most probable candidate, the first of equals, and tells of all', async () => {
  const logs = [-4, -1.5, -1.5];
  const choices = logs.map((logProbability) => ({ logProbability, tokens: 2 }));
  const events: GenerateEvent[] = [];
  const scored = () => Promise.resolve({ kind: 'score' as const, choices, facts });
  for await (const event of likeliest(['a', 'b', 'c'], scored, 6)) events.push(event);
  expect(events).toEqual([
    { type: 'text', choice: 6, text: 'b' },
    {
      ...{ type: 'end', choice: 6, finishReason: 'stop', logProbabilities: logs },
      ...{ promptTokens: 5, cachedTokens: 0, completionTokens: 7 },
      ...{ prefillMs: 2, decodeMs: 3, maxRows: 4, maxAdapters: 1 },
    },
  ]);
});
