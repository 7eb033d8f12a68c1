import { AppError } from '@prad/errors';
import type { TokenLikelihood } from './token-event.js';
import { positionsOf, type ServedAdapter } from './served-adapter.js';

/** How the hidden states of a prompt become one vector: that of its last token, or the mean of all its tokens'. */
export type Pooling = 'last' | 'mean';

/** One prompt that is read and not answered. */
interface PromptRequest {
  /** Token ids. */
  readonly prompt: readonly number[];
  /** Absent: the base alone. */
  readonly adapter?: ServedAdapter | undefined;
  /** Who asks: those with one share get equal shares of a busy reader. */
  readonly share?: string;
  /** Lower ones are read first; 0 by default. */
  readonly priority?: number | undefined;
  /** When nobody wants the result any more, in milliseconds since 1970. */
  readonly deadline?: number | undefined;
}

export interface EmbeddingRequest extends PromptRequest {
  readonly pooling: Pooling;
}

export interface ScoreRequest extends PromptRequest {
  /** Token ids of each answer; at least one token each. */
  readonly answers: readonly (readonly number[])[];
}

export interface LikelihoodRequest extends PromptRequest {
  /** How many of the likeliest tokens are told for each place. */
  readonly logprobs: number;
}

export type ReadingRequest = EmbeddingRequest | ScoreRequest | LikelihoodRequest;

/** What reading a prompt took. */
export interface ReadingFacts {
  readonly promptTokens: number;
  /** Tokens of all answers that were scored. */
  readonly answerTokens: number;
  /** Milliseconds from the submission to the first run with it. */
  readonly queueMs: number;
  /** Milliseconds from there to the last token of the prompt. */
  readonly prefillMs: number;
  /** Milliseconds from there to the last answer's score. */
  readonly scoreMs: number;
  /** Most rows, and most different adapters, that shared one run with it. */
  readonly maxRows: number;
  readonly maxAdapters: number;
}

export interface Embedding extends ReadingFacts {
  /** [E], of length 1. */
  readonly vector: Float32Array;
}

export interface Scores extends ReadingFacts {
  /** The natural logarithm of each token's probability, for each answer in the order of the request. */
  readonly logProbabilities: readonly (readonly number[])[];
}

export interface PromptLikelihoods extends ReadingFacts {
  /** For each token of the prompt but the first, through its adapter. */
  readonly likelihoods: readonly TokenLikelihood[];
}

/**
 * @param capacity tokens that a sequence may have.
 * @throws AppError invalid `empty_prompt`, `prompt_too_long`, `empty_answer`, `answer_too_long`.
 */
export function checkReading(request: ReadingRequest, capacity: number): void {
  const { prompt, adapter } = request;
  const own = positionsOf(adapter);
  const room = capacity - own - prompt.length;
  if (prompt.length === 0) throw refused('empty_prompt', 'the prompt has no token');
  const behind = own > 0 ? `, the adapter puts ${own} in front` : '';
  if (room < 0) {
    throw refused(
      'prompt_too_long',
      `the prompt has ${prompt.length} tokens${behind}; the context holds ${capacity}`,
    );
  }
  const answers = 'answers' in request ? request.answers : [];
  answers.forEach((answer, index) => {
    if (answer.length === 0) throw refused('empty_answer', `answer ${index} has no token`);
    if (answer.length <= room) return;
    throw refused(
      'answer_too_long',
      `answer ${index} has ${answer.length} tokens; the prompt has ${prompt.length}${behind}, and the context holds ${capacity}`,
    );
  });
}

function refused(code: string, message: string): AppError {
  return new AppError({ kind: 'invalid', code, message });
}
