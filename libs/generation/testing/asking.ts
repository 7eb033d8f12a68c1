import { samplesOf } from '../src/choices.js';
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

export const tokens = (events: readonly TokenEvent[], choice = 0): number[] =>
  events.flatMap((event) => (event.type === 'token' && event.choice === choice ? [event.tokenId] : []));

/** What a beam search found. */
export const foundOf = (events: readonly TokenEvent[]): readonly FoundAnswer[] =>
  events.flatMap((event) => (event.type === 'found' ? event.answers : []));

export const textOf = (events: readonly TokenEvent[], choice = 0): string =>
  events.map((event) => (event.type === 'token' && event.choice === choice ? event.text : '')).join('');

type End = Extract<TokenEvent, { type: 'finished' }>;

/** The ends of a request's choices, in the choices' order. */
export const endsOf = (events: readonly TokenEvent[]): readonly End[] => {
  if (events.at(-1)?.type !== 'finished') throw new Error('the events do not end');
  return events.filter((event) => event.type === 'finished').sort((a, b) => a.choice - b.choice);
};

export const endOf = (events: readonly TokenEvent[]): End => {
  const [end, ...others] = endsOf(events);
  if (!end || others.length > 0) throw new Error('the events do not end once');
  return end;
};

/** Each choice's tokens, text and reason for its end. */
export const choicesOf = (events: readonly TokenEvent[]): readonly (readonly [number[], string, string])[] =>
  endsOf(events).map(({ choice, reason }) => [tokens(events, choice), textOf(events, choice), reason]);

/** Slots that a request takes at once. */
export const widthOf = (request: GenerationRequest): number => request.beams?.numBeams ?? samplesOf(request);

/** What a request is answered with nobody beside it, its prompt read at once. */
export const alone = (request: GenerationRequest): Promise<TokenEvent[]> =>
  all(engineOf(new HashExecutor(widthOf(request)), { prefillTokens: 1000 }).submit(request));
