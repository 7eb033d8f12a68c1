import { AppError } from '@prad/errors';
import type { GenerationRequest } from './generation-request.js';
import type { TokenEvent } from './token-event.js';

type Asked = Pick<GenerationRequest, 'n' | 'bestOf' | 'beams'>;

/** Answers that are sampled. */
export function samplesOf({ n = 1, bestOf = n }: Asked): number {
  return bestOf;
}

/** Whether more answers are sampled than given. */
export function isCut({ n = 1, bestOf = n }: Asked): boolean {
  return bestOf > n;
}

/** @throws AppError invalid `invalid_choices`, `too_many_choices` where an engine has fewer slots. */
export function checkChoices({ n = 1, bestOf = n, beams }: Asked, slots: number): void {
  const whole = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least;
  const param = bestOf === n ? 'n' : 'best_of';
  if (!whole(n, 1)) throw refused('invalid_choices', `n must be a whole number of at least 1, got ${n}`, 'n');
  if (!whole(bestOf, n))
    throw refused(
      'invalid_choices',
      `best_of must be a whole number of at least n, ${n}, got ${bestOf}`,
      param,
    );
  if (beams && bestOf > 1)
    throw refused(
      'invalid_choices',
      `${param} must be 1, since a beam search does not sample, got ${bestOf}`,
      param,
    );
  if (bestOf > slots)
    throw refused(
      'too_many_choices',
      `${param} ${bestOf} takes as many sequences at a time; the engine has ${slots}`,
      param,
    );
}

function refused(code: string, message: string, param: string): AppError {
  return new AppError({ kind: 'invalid', code, message, details: { param } });
}

/**
 * The events of the `n` choices with the highest mean log-probability of their tokens, once all have ended; equal ones in
 * their order. The likeliest is choice 0, and has the usage of the prompt and of those that are not given.
 */
export async function* best(
  events: AsyncIterable<TokenEvent>,
  n = 1,
): AsyncGenerator<TokenEvent, void, undefined> {
  const told: Told[] = [];
  for await (const event of events) if (event.type !== 'found') told.push(event);
  const ends = told.filter((event) => event.type === 'finished');
  const cancelled = ends.find(({ reason }) => reason === 'cancelled');
  if (cancelled) {
    yield cancelled;
    return;
  }
  const read = ends.find(({ choice }) => choice === 0)?.usage;
  ends.sort((a, b) => likelihoodOf(b) - likelihoodOf(a) || a.choice - b.choice);
  const unseen = ends.slice(n).reduce((sum, { usage }) => sum + usage.completionTokens, 0);
  for (const [choice, end] of ends.slice(0, n).entries()) {
    const { completionTokens } = end.usage;
    const usage =
      choice === 0 && read
        ? { ...read, completionTokens: completionTokens + unseen }
        : { promptTokens: 0, cachedTokens: 0, completionTokens };
    for (const event of told) {
      if (event.choice !== end.choice) continue;
      yield event === end ? { ...end, choice, usage } : { ...event, choice };
    }
  }
}

type Told = Exclude<TokenEvent, { type: 'found' }>;

function likelihoodOf({
  meanLogprob = Number.NEGATIVE_INFINITY,
}: Extract<Told, { type: 'finished' }>): number {
  return meanLogprob;
}
