import { Engine, type GenerationRequest, type TokenEvent } from '@prad/generation';
import { describe, expect, it } from 'vitest';
import { openTiny, RecordingExecutor, served } from './support/generation-cases.js';

const noText = { endTokens: new Set([1]), detokenizer: () => ({ push: () => '', end: () => '' }) };
const sampling = { temperature: 1, topK: 0, topP: 1, seed: 7 };
const N = 3;
const CAPACITY = 32;

async function choicesOf(events: AsyncIterable<TokenEvent>): Promise<number[][]> {
  const choices: number[][] = [];
  for await (const event of events)
    if (event.type === 'token') (choices[event.choice] ??= []).push(event.tokenId);
  return choices;
}

describe.each(['llama', 'gpt2'] as const)('choices of the tiny %s', (folder) => {
  it('are, of any adapters and whatever memory there is, those of each request alone', async () => {
    const tiny = await openTiny(folder);
    const adapters = await Promise.all([
      served(tiny, 'adapter', 'prompt'),
      served(tiny, 'adapter', 'all'),
      served(tiny, 'prefix', 'prompt'),
    ]);
    const requests = [undefined, ...adapters].map((adapter): GenerationRequest => ({
      prompt: [17, 5, 44, 8],
      adapter,
      maxTokens: 12,
      sampling,
      n: N,
    }));
    const answers = async (asked: readonly GenerationRequest[], slots: number, tokens = Infinity) => {
      const executor = await RecordingExecutor.open(tiny, { slots, capacity: CAPACITY });
      const cacheBytes = tokens * executor.tokenBytes;
      const engine = new Engine(executor, noText, { prefillTokens: 64, cacheBytes });
      const choices = await Promise.all(asked.map((request) => choicesOf(engine.submit(request))));
      await engine.close();
      return { choices, lost: executor.plans.flatMap(({ preempted }) => preempted).length };
    };
    const alone: number[][][] = [];
    for (const request of requests) {
      const { choices } = await answers([request], N);
      alone.push(...choices);
      const { choices: single } = await answers([{ ...request, n: 1 }], 1);
      expect(choices[0]?.[0]).toEqual(single[0]?.[0]);
    }
    expect((await answers(requests, 7)).choices).toEqual(alone);
    const short = await answers(requests, 7, CAPACITY);
    expect(short.choices).toEqual(alone);
    expect(short.lost).toBeGreaterThan(0);
    // Choices differ, and so do the adapters' answers.
    expect(new Set(alone.flat().map((tokens) => tokens.join())).size).toBeGreaterThan(2 * N);
  });
});
