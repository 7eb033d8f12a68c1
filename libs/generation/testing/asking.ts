import { Engine, type EngineOptions } from '../src/engine.js';
import type { Executor } from '../src/executor.js';
import type { GenerationRequest } from '../src/generation-request.js';
import type { FoundAnswer, TokenEvent } from '../src/token-event.js';
import { END, HashExecutor, letters } from './hash-executor.js';

export const text = {
  endTokens: new Set([END]),
  detokenizer: () => ({ push: (id: number) => letters[id] ?? '?', end: () => '' }),
};
export const greedy = { temperature: 0, topK: 0, topP: 1, seed: 0 };

export const engineOf = (executor: Executor, options: Partial<EngineOptions> = {}): Engine =>
  new Engine(executor, text, { prefillTokens: 16, ...options });

export const ask = (request: Partial<GenerationRequest> = {}): GenerationRequest => ({
  prompt: [3, 4, 5],
  maxTokens: 6,
  sampling: greedy,
  ...request,
});

export async function all(events: AsyncIterable<TokenEvent>): Promise<TokenEvent[]> {
  const seen: TokenEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

export const tokens = (events: readonly TokenEvent[]): number[] =>
  events.flatMap((event) => (event.type === 'token' ? [event.tokenId] : []));

/** What a beam search found. */
export const foundOf = (events: readonly TokenEvent[]): readonly FoundAnswer[] =>
  events.flatMap((event) => (event.type === 'found' ? event.answers : []));

export const textOf = (events: readonly TokenEvent[]): string =>
  events.map((event) => (event.type === 'token' ? event.text : '')).join('');

export const endOf = (events: readonly TokenEvent[]): Extract<TokenEvent, { type: 'finished' }> => {
  const last = events.at(-1);
  if (last?.type !== 'finished') throw new Error('the events do not end');
  return last;
};

/** What a request is answered with nobody beside it, its prompt read at once. */
export const alone = (request: GenerationRequest): Promise<TokenEvent[]> =>
  all(engineOf(new HashExecutor(request.beams?.numBeams ?? 1), { prefillTokens: 1000 }).submit(request));
