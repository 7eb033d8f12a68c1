import type { GenerationRequest } from '@prad/generation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answersOf, expectGoldenBeams } from './support/beam-cases.js';
import { openTiny, RecordingExecutor, served, type TinyBase } from './support/generation-cases.js';

const SLOTS = 9;
const greedy = { temperature: 0, topK: 0, topP: 1, seed: 0 };

describe.each(['llama', 'gpt2'] as const)('beam search on the tiny %s', (folder) => {
  let tiny: TinyBase;
  let executor: RecordingExecutor;
  beforeAll(async () => {
    tiny = await openTiny(folder);
    executor = await RecordingExecutor.open(tiny, { slots: SLOTS, capacity: 32 });
  });
  afterAll(() => executor.close());

  it("finds transformers' sequences and scores, whatever shares the steps", async () => {
    await expectGoldenBeams(executor, folder, 2e-6);
  });

  it('prad-spec 7.18: beams of any adapters, and requests beside them, answer as each alone', async () => {
    const beams = { numBeams: 3, lengthPenalty: 1, earlyStopping: false, numReturnSequences: 3 } as const;
    const adapters = await Promise.all([
      served(tiny, 'adapter', 'prompt'),
      served(tiny, 'lora-qv', 'prompt'),
      served(tiny, 'adapter', 'all'),
      served(tiny, 'prefix', 'prompt'),
    ]);
    const requests = [undefined, ...adapters].flatMap((adapter): GenerationRequest[] => [
      { prompt: [17, 5, 44, 8], adapter, maxTokens: 9, sampling: greedy, beams },
      { prompt: [61, 28, 70], adapter, maxTokens: 12, sampling: { ...greedy, temperature: 1, seed: 7 } },
    ]);
    const together = await answersOf(executor, [1], requests);
    const alone = await Promise.all(
      requests.map(async (request) => {
        const own = await RecordingExecutor.open(tiny, { slots: 3, capacity: 32 });
        const [answer] = await answersOf(own, [1], [request]);
        await own.close();
        return answer;
      }),
    );
    const tokensOf = (answers: typeof alone) => answers.map((found) => found?.map(({ tokens }) => tokens));
    expect(tokensOf(together)).toEqual(tokensOf(alone));
    // The adapters do something.
    const best = tokensOf(together).filter((_, index) => index % 2 === 0);
    expect(new Set(best.map((sequences) => JSON.stringify(sequences))).size).toBeGreaterThan(3);
  });
});
