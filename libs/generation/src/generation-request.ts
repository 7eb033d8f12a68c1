import { AppError } from '@prad/errors';
import type { BeamOptions } from './beam-search.js';
import type { Sampling } from './sampling.js';
import { positionsOf, type ServedAdapter } from './served-adapter.js';

/** One prompt to be answered. */
export interface GenerationRequest {
  /** Token ids; `encodePrompt` of models makes them. */
  readonly prompt: readonly number[];
  /** Absent: the base alone. */
  readonly adapter?: ServedAdapter | undefined;
  /** Most tokens of the answer; it is also bounded by the room that the prompt leaves. */
  readonly maxTokens: number;
  readonly sampling: Sampling;
  /** Searches for the likeliest answers, which come all at the end; absent: chooses token after token. */
  readonly beams?: BeamOptions | undefined;
  /** The answer ends before the first of these. */
  readonly stop?: readonly string[];
  /** Who asks: those with one share get equal shares of a full engine. */
  readonly share?: string;
  /** Lower ones are admitted first, and keep their memory longest; 0 by default. */
  readonly priority?: number | undefined;
  /** When nobody wants the answer any more, in milliseconds since 1970. */
  readonly deadline?: number | undefined;
}

/**
 * @param capacity tokens that a sequence may have.
 * @returns how many tokens may be chosen.
 * @throws AppError invalid `empty_prompt`, `prompt_too_long`, `invalid_sampling`.
 */
export function answerLimit(request: GenerationRequest, capacity: number): number {
  const { prompt, maxTokens, sampling, adapter } = request;
  const own = positionsOf(adapter);
  const taken = own + prompt.length;
  if (prompt.length === 0) throw refused('empty_prompt', 'the prompt has no token');
  if (taken >= capacity) {
    throw refused(
      'prompt_too_long',
      `the prompt has ${prompt.length} tokens${own > 0 ? `, the adapter puts ${own} in front` : ''}; the context holds ${capacity}, of which at least one must be left for the answer`,
      { promptTokens: prompt.length, capacity },
    );
  }
  const { temperature, topK, topP, seed } = sampling;
  const rules: readonly (readonly [string, number, boolean, string])[] = [
    [
      'maxTokens',
      maxTokens,
      Number.isSafeInteger(maxTokens) && maxTokens >= 1,
      'a whole number of at least 1',
    ],
    ['temperature', temperature, Number.isFinite(temperature) && temperature >= 0, 'a number of at least 0'],
    ['topK', topK, Number.isSafeInteger(topK) && topK >= 0, 'a whole number of at least 0'],
    ['topP', topP, topP > 0 && topP <= 1, 'above 0 and at most 1'],
    ['seed', seed, Number.isSafeInteger(seed), 'a whole number'],
  ];
  for (const [name, value, holds, expected] of rules) {
    if (!holds)
      throw refused('invalid_sampling', `${name} must be ${expected}, got ${value}`, { field: name });
  }
  return Math.min(maxTokens, capacity - taken);
}

function refused(code: string, message: string, details: Readonly<Record<string, unknown>> = {}): AppError {
  return new AppError({ kind: 'invalid', code, message, details });
}
