import type { GenerationRequest } from '@prad/generation';
import { expect, it } from 'vitest';
import { answers } from './support/answers.js';
import { openTiny, served } from './support/generation-cases.js';

const greedy = { temperature: 0, topK: 0, topP: 1, seed: 0 };
const methods = ['adapter', 'lora-qv', 'dora', 'prefix', 'prompt', 'mam', 'ia3'];
const ids = Array.from({ length: 24 }, (_, index) => (index * 17 + 5) % 90);

it.each(['llama', 'gpt2'])(
  'prompts in chunks and answers that lost their slot on %s are those of each request alone',
  async (folder) => {
    const tiny = await openTiny(folder);
    const adapters = await Promise.all([
      ...methods.map((name) => served(tiny, name, 'prompt')),
      ...['lora-qv', 'prefix', 'ia3'].map((name) => served(tiny, name, 'all')),
    ]);
    const requests = [undefined, ...adapters].map((adapter, index): GenerationRequest => {
      const prompt = ids.slice(0, 3 + ((index * 5) % 14));
      return { prompt, adapter, maxTokens: 22, sampling: greedy };
    });
    const together = await answers(tiny, requests, {
      ...{ slots: 5, capacity: 40, prefillTokens: 5, cacheTokens: 48 },
    });
    const { plans } = together;
    expect(plans.flatMap(({ preempted }) => preempted).length).toBeGreaterThan(1);
    expect(plans.flatMap(({ replay }) => replay).length).toBeGreaterThan(1);
    expect(
      plans.flatMap(({ prefill }) => prefill.flat()).filter(({ start }) => start > 0).length,
    ).toBeGreaterThan(9);
    for (const [index, request] of requests.entries()) {
      const alone = await answers(tiny, [request], { slots: 1, capacity: 40 });
      expect(together.answers[index]?.tokens, `request ${index}`).toEqual(alone.answers[0]?.tokens);
    }
  },
);
