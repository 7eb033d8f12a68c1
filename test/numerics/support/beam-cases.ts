import { Engine, type FoundAnswer, type GenerationRequest, type TokenEvent } from '@prad/generation';
import { expect } from 'vitest';
import { referenceJson } from '../nn/reference.js';
import type { RecordingExecutor } from './generation-cases.js';

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
const goldenFile = referenceJson('beam-search.json') as GoldenFile;

type Found = readonly Pick<FoundAnswer, 'tokens' | 'score' | 'text'>[];

/** One character for each token, so that a stop string is a row of tokens. */
const spell = (tokens: readonly number[]): string => String.fromCharCode(...tokens.map((id) => 0x4e00 + id));
const greedy = { temperature: 0, topK: 0, topP: 1, seed: 0 };

function requestOf({ prompt, stop, ...golden_ }: Golden): GenerationRequest {
  const { num_beams: numBeams, early_stopping: earlyStopping = false, length_penalty = 1 } = golden_;
  const beams = { numBeams, earlyStopping, lengthPenalty: length_penalty, numReturnSequences: numBeams };
  return {
    ...{ prompt, maxTokens: goldenFile.max_new_tokens, sampling: greedy, stop: stop ? [spell(stop)] : [] },
    ...(numBeams > 1 && { beams }),
  };
}

/** All answers of requests that are submitted at once: of a beam search those found, else the one. */
export async function answersOf(
  executor: RecordingExecutor,
  endTokens: readonly number[],
  requests: readonly GenerationRequest[],
): Promise<Found[]> {
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

/** Finds all golden cases of a family at once, those with the same end tokens in one engine. */
export async function expectGoldenBeams(
  executor: RecordingExecutor,
  folder: 'llama' | 'gpt2',
  tolerance: number,
): Promise<void> {
  const cases = goldenFile[folder];
  expect(new Set(cases.map(({ num_beams }) => num_beams))).toEqual(new Set([1, 3, 4]));
  for (const ends of new Set(cases.map(({ eos_token_id }) => eos_token_id.join()))) {
    const alike = cases.filter(({ eos_token_id }) => eos_token_id.join() === ends);
    const answers = await answersOf(executor, alike[0]?.eos_token_id ?? [], alike.map(requestOf));
    for (const [index, golden] of alike.entries()) expectFound(answers[index] ?? [], golden, tolerance);
  }
}

function expectFound(found: Found, { sequences, scores, ...settings }: Golden, tolerance: number): void {
  const what = JSON.stringify(settings);
  const tokens = found.map((answer) => answer.tokens);
  expect(tokens, what).toEqual(sequences);
  scores?.forEach((score, place) => {
    expect(Math.abs((found[place]?.score ?? 0) - score) / Math.abs(score), what).toBeLessThan(tolerance);
  });
  const [best = []] = sequences;
  if (settings.stop && best.length < goldenFile.max_new_tokens)
    expect(found[0]?.text, what).toBe(spell(best.slice(0, -settings.stop.length)));
}
