import type { ShownToken } from './shown-tokens.js';

/** Why an answer ended: the end token or a stop string; the token limit; nobody wants it any more. */
export type FinishReason = 'stop' | 'length' | 'cancelled';

export interface Usage {
  /** 0 of a request's further choices, and so are the next: their prompt was read once. */
  readonly promptTokens: number;
  /** Those of the prompt that were not read, since earlier prompts began with them. */
  readonly cachedTokens: number;
  /** Tokens that were chosen, the end token and those of a stop string included; of a beam search, those that it gives. */
  readonly completionTokens: number;
}

/** Milliseconds; 0 for what was not reached. */
export interface Timings {
  /** From the submission to the step that admitted it. */
  readonly queueMs: number;
  /** From there to the first token. */
  readonly prefillMs: number;
  /** From there to the last. */
  readonly decodeMs: number;
}

/** The company that a request had. */
export interface BatchFacts {
  /** Most rows in one step with it, itself included. */
  readonly maxRows: number;
  /** Most different adapters in one step with it. */
  readonly maxAdapters: number;
}

/** One of the answers that a beam search found. */
export interface FoundAnswer {
  /** The end token, or those of a stop string, included. */
  readonly tokens: readonly number[];
  readonly text: string;
  readonly reason: 'stop' | 'length';
  /** Log-probability of the tokens over their number to the power of the length penalty. */
  readonly score: number;
}

/** A token's natural log-probability, by the logits as the model gave them. */
export interface TokenLogprob {
  readonly tokenId: number;
  readonly logprob: number;
}

/** How likely a token was, and which were the likeliest in its place, most likely first. */
export interface TokenLikelihood {
  readonly logprob: number;
  readonly top: readonly TokenLogprob[];
}

/**
 * What a request is told: of each choice its tokens as they are chosen, then its end; or all answers of a beam search, best
 * first, then their end. One that is cancelled ends once for all choices.
 */
export type TokenEvent =
  | { readonly type: 'found'; readonly answers: readonly FoundAnswer[] }
  | {
      readonly type: 'token';
      /** Which of the request's answers, from 0. */
      readonly choice: number;
      /** From 0. */
      readonly index: number;
      readonly tokenId: number;
      /** New text; empty while a character or a possible stop string is incomplete. All texts join to the answer. */
      readonly text: string;
      /** Where the request asks for log-probabilities: those of the tokens whose text is certain now. */
      readonly shown?: readonly ShownToken[];
    }
  | {
      readonly type: 'finished';
      readonly choice: number;
      readonly reason: FinishReason;
      readonly usage: Usage;
      readonly timings: Timings;
      readonly batch: BatchFacts;
      /** Where the best are given: the mean log-probability of the choice's tokens. */
      readonly meanLogprob?: number;
    };
