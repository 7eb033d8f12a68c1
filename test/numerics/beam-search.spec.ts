import { Engine, type FoundAnswer, type GenerationRequest, type TokenEvent } from '@prad/generation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { referenceJson } from './nn/reference.js';
import { openTiny, RecordingExecutor, served, type TinyBase } from './support/generation-cases.js';

/** A case of test/reference/beam-search.json. */
interface Golden {
  readonly prompt: readonly number[];
  readonly num_beams: number;
  readonly early_stopping?: boolean | 'never';
  readonly length_penalty?: number;
  readonly eos_token_id: readonly number[];
  readonly stop?: readonly number[];
  readonly sequences: readonly (readonly number[])[];
  readonly scores: readonly number[] | null;
}
type GoldenFile = Readonly<Record<'llama' | 'gpt2', readonly Golden[]>> & { readonly max_new_tokens: number };
const golden = referenceJson('beam-search.json') as GoldenFile;

const SLOTS = 9;
/** One character for each token, so that a stop string is a row of tokens. */
const spell = (tokens: readonly number[]): string => String.fromCharCode(...tokens.map((id) => 0x4e00 + id));
const greedy = { temperature: 0, topK: 0, topP: 1, seed: 0 };

function requestOf({ prompt, stop, ...golden_ }: Golden): GenerationRequest {
  const { num_beams: numBeams, early_stopping: earlyStopping = false, length_penalty = 1 } = golden_;
  const beams = { numBeams, earlyStopping, lengthPenalty: length_penalty, numReturnSequences: numBeams };
  return {
    ...{ prompt, maxTokens: golden.max_new_tokens, sampling: greedy, stop: stop ? [spell(stop)] : [] },
    ...(numBeams > 1 && { beams }),
  };
}

/** All answers of requests that are submitted at once: of a beam search those found, else the one. */
async function answersOf(
  executor: RecordingExecutor,
  endTokens: readonly number[],
  requests: readonly GenerationRequest[],
): Promise<(readonly Pick<FoundAnswer, 'tokens' | 'score' | 'text'>[])[]> {
  const text = {
    endTokens: new Set(endTokens),
    detokenizer: () => ({ push: (id: number) => spell([id]), end: () => '' }),
  };
  const engine = new Engine(executor, text, { prefillTokens: 64 });
  const answers = await Promise.all(requests.map((request) => read(engine.submit(request))));
  expect(engine.load).toEqual({ waiting: 0, running: 0, heldTokens: 0, prefixBytes: 0 });
  return answers;
}

async function read(events: AsyncIterable<TokenEvent>) {
  const tokens: number[] = [];
  let text = '';
  for await (const event of events) {
    if (event.type === 'found') return event.answers;
    if (event.type === 'token') {
      tokens.push(event.tokenId);
      text += event.text;
    }
  }
  return [{ tokens, text, score: Number.NaN }];
}

describe.each(['llama', 'gpt2'] as const)('beam search on the tiny %s', (folder) => {
  let tiny: TinyBase;
  let executor: RecordingExecutor;
  beforeAll(async () => {
    tiny = await openTiny(folder);
    executor = await RecordingExecutor.open(tiny, { slots: SLOTS, capacity: 32 });
  });
  afterAll(() => executor.close());

  it("finds transformers' sequences and scores, whatever shares the steps", async () => {
    const cases = golden[folder];
    expect(new Set(cases.map(({ num_beams }) => num_beams))).toEqual(new Set([1, 3, 4]));
    for (const ends of new Set(cases.map(({ eos_token_id }) => eos_token_id.join()))) {
      const alike = cases.filter(({ eos_token_id }) => eos_token_id.join() === ends);
      const [first] = alike;
      const answers = await answersOf(executor, first?.eos_token_id ?? [], alike.map(requestOf));
      answers.forEach((found, index) => {
        const { sequences, scores, ...settings } = alike[index]!;
        const what = JSON.stringify(settings);
        expect(
          found.map(({ tokens }) => tokens),
          what,
        ).toEqual(sequences);
        scores?.forEach((score, place) => {
          expect(Math.abs((found[place]?.score ?? 0) - score) / Math.abs(score), what).toBeLessThan(2e-6);
        });
        if (settings.stop && sequences[0]!.length < golden.max_new_tokens)
          expect(found[0]?.text).toBe(spell(sequences[0]!.slice(0, -settings.stop.length)));
      });
    }
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
