import { AppError } from '@prad/errors';
import type { TokenEvent } from '@prad/generation';
import type { GenerateEvent } from './generation-messages.js';

type Finished = Extract<TokenEvent, { type: 'finished' }>;

/**
 * The candidate with the highest probability, as the answer: the first of equals. `scored` are the candidates' own answers,
 * in their order. Throws the signal's reason when one was cancelled.
 */
export async function* likeliest(
  candidates: readonly string[],
  scored: readonly AsyncIterable<TokenEvent>[],
  choice: number,
  signal: AbortSignal,
): AsyncGenerator<GenerateEvent, void> {
  const ends = await Promise.all(scored.map((events) => endOf(events, signal)));
  const logProbabilities = ends.map(({ logProbability = Number.NEGATIVE_INFINITY }) => logProbability);
  const best = logProbabilities.indexOf(Math.max(...logProbabilities));
  yield { type: 'text', choice, text: candidates[best] ?? '' };
  const sum = (of: (end: Finished) => number) => ends.reduce((total, end) => total + of(end), 0);
  const most = (of: (end: Finished) => number) => Math.max(...ends.map(of));
  yield {
    ...{ type: 'end', choice, finishReason: 'stop', logProbabilities },
    promptTokens: sum(({ usage }) => usage.promptTokens),
    cachedTokens: sum(({ usage }) => usage.cachedTokens),
    completionTokens: sum(({ usage }) => usage.completionTokens),
    prefillMs: most(({ timings }) => timings.prefillMs),
    decodeMs: most(({ timings }) => timings.decodeMs),
    maxRows: most(({ batch }) => batch.maxRows),
    maxAdapters: most(({ batch }) => batch.maxAdapters),
  };
}

async function endOf(events: AsyncIterable<TokenEvent>, signal: AbortSignal): Promise<Finished> {
  for await (const event of events) {
    if (event.type !== 'finished') continue;
    if (event.reason === 'cancelled') throw signal.reason;
    return event;
  }
  throw new AppError({ kind: 'bug', code: 'unfinished_answer', message: 'an answer ended without an end' });
}
