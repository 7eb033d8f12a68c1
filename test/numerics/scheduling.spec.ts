import type { GenerationRequest } from '@prad/generation';
import { expect, it } from 'vitest';
import { expectClose } from './nn/reference.js';
import { answers } from './support/answers.js';
import { openTiny, served, type TinyBase } from './support/generation-cases.js';

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

it.each(['llama', 'gpt2'])(
  'prompts that begin with kept blocks on %s answer as if they were read whole, and others do not take these',
  async (folder) => {
    const tiny = await openTiny(folder);
    const adapters = await Promise.all([
      ...['lora-qv', 'prefix', 'prompt', 'ia3'].map((name) => served(tiny, name, 'prompt')),
      ...['lora-qv', 'prefix'].map((name) => served(tiny, name, 'all')),
      // Another content under the name of the first.
      served(tiny, 'lora-qv', 'prompt', (x) => -2 * x),
    ]);
    const long = Array.from({ length: 33 }, (_, index) => (index * 7 + 3) % 90);
    const requests = [undefined, ...adapters].flatMap((adapter) =>
      [[61], [62, 63], [61]].map((rest): GenerationRequest => ({
        ...{ prompt: [...long, ...rest], adapter, maxTokens: 6, sampling: greedy },
      })),
    );
    const size = { slots: 1, capacity: 64, prefillTokens: 100 };
    const read = await answers(tiny, requests, size);
    // Room for the blocks of some of the adapters.
    const blockBytes = 16 * tokenBytes(tiny);
    const kept = await answers(tiny, requests, { ...size, prefixCacheBytes: 5 * blockBytes });
    expect(kept.answers.map(({ tokens }) => tokens)).toEqual(read.answers.map(({ tokens }) => tokens));
    kept.answers.forEach(({ logits }, request) => {
      logits.forEach((step, at) => {
        expectClose(
          step,
          read.answers[request]?.logits[at] ?? step.map(() => NaN),
          1e-4,
          `${request}, ${at}`,
        );
      });
    });
    // The second and third prompt of each adapter, and of none.
    expect(kept.plans.flatMap(({ load }) => load)).toHaveLength(2 * (adapters.length + 1));
    expect(kept.plans.flatMap(({ drop }) => drop).length).toBeGreaterThan(4);
    expect(read.plans.flatMap(({ load, save }) => [...load, ...save])).toEqual([]);
  },
);

function tokenBytes({ model }: TinyBase): number {
  const { layers, kvHeads, headDim } = model.dimensions;
  return 2 * layers * kvHeads * headDim * 4;
}
