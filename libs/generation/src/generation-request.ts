import { AppError } from '@prad/errors';
import type { BeamOptions } from './beam-search.js';
import type { Sampling } from './sampling.js';
import { positionsOf, type ServedAdapter } from './served-adapter.js';
import type { TokenGrammar } from './token-grammar.js';

/** One prompt to be answered. */
export interface GenerationRequest {
  /** Token ids; `encodePrompt` of models makes them. */
  readonly prompt: readonly number[];
  /** Absent: the base alone. */
  readonly adapter?: ServedAdapter | undefined;
  /** Most tokens of the answer; it is also bounded by the room that the prompt leaves. */
  readonly maxTokens: number;
  readonly sampling: Sampling;
  /** Independent answers to the prompt, which is read once; 1 by default. */
  readonly n?: number | undefined;
  /** So many are sampled, and the `n` likeliest of them given, at the end; `n` by default. */
  readonly bestOf?: number | undefined;
  /** Searches for the likeliest answers, which come all at the end; absent: chooses token after token. */
  readonly beams?: BeamOptions | undefined;
  /** Answers follow it, and end where it ends, or earlier for want of tokens or by a stop string; absent: anything. */
  readonly grammar?: TokenGrammar | undefined;
  /** The answer ends before the first of these. */
  readonly stop?: readonly string[];
  /** Tokens that end the answer as the model's own end tokens do. */
  readonly stopTokenIds?: readonly number[];
  /** Tells each token's log-probability, and those of so many of the likeliest tokens; absent: none. */
  readonly logprobs?: number | undefined;
  /** Whether the token that ends the answer counts among them, though it says nothing; by default not. */
  readonly logprobOfEnd?: boolean;
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
  checkSampling(maxTokens, sampling);
  return Math.min(maxTokens, capacity - taken);
}

/** @throws AppError invalid `invalid_grammar` where an answer could not follow its grammar to the end. */
export function checkGrammar({ grammar, beams, sampling }: GenerationRequest, endTokens: number): void {
  if (!grammar) return;
  const refuse = (message: string): AppError =>
    refused('invalid_grammar', message, { param: 'response_format' });
  if (beams) throw refuse('a beam search follows no grammar');
  if ((sampling.minTokens ?? 0) > 0)
    throw refuse('an answer ends where its grammar ends: minTokens must be 0');
  if (endTokens === 0) throw refuse('the model has no token that ends an answer');
}

function checkSampling(maxTokens: number, sampling: Sampling): void {
  const { temperature, topK, topP, minP = 0, seed, minTokens = 0 } = sampling;
  const { repetitionPenalty = 1, frequencyPenalty = 0, presencePenalty = 0, logitBias = {} } = sampling;
  const whole = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least;
  const rules: readonly (readonly [string, number, boolean, string])[] = [
    ['maxTokens', maxTokens, whole(maxTokens, 1), 'a whole number of at least 1'],
    ['temperature', temperature, Number.isFinite(temperature) && temperature >= 0, 'a number of at least 0'],
    ['topK', topK, whole(topK, 0), 'a whole number of at least 0'],
    ['topP', topP, topP > 0 && topP <= 1, 'above 0 and at most 1'],
    ['minP', minP, minP >= 0 && minP <= 1, 'from 0 to 1'],
    ['seed', seed, Number.isSafeInteger(seed), 'a whole number'],
    [
      'minTokens',
      minTokens,
      whole(minTokens, 0) && minTokens <= maxTokens,
      `a whole number from 0 to maxTokens, ${maxTokens}`,
    ],
    [
      'repetitionPenalty',
      repetitionPenalty,
      Number.isFinite(repetitionPenalty) && repetitionPenalty > 0,
      'above 0',
    ],
    ['frequencyPenalty', frequencyPenalty, Number.isFinite(frequencyPenalty), 'a finite number'],
    ['presencePenalty', presencePenalty, Number.isFinite(presencePenalty), 'a finite number'],
    ...Object.entries(logitBias).map(
      ([id, bias]) => [`logitBias of token ${id}`, bias, Number.isFinite(bias), 'a finite number'] as const,
    ),
  ];
  for (const [name, value, holds, expected] of rules) {
    if (!holds)
      throw refused('invalid_sampling', `${name} must be ${expected}, got ${value}`, { field: name });
  }
}

function refused(code: string, message: string, details: Readonly<Record<string, unknown>> = {}): AppError {
  return new AppError({ kind: 'invalid', code, message, details });
}
