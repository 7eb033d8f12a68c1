import type { Pooling, ReadingFacts } from '@prad/generation';
import type { GenerateParams, RequestPrompt } from './generation-messages.js';

/** What is wanted of every prompt. */
export type Wanted =
  | { readonly kind: 'embedding'; readonly pooling: Pooling }
  | {
      readonly kind: 'score';
      /** Of every prompt, or of each in their order. */
      readonly choices: readonly (readonly string[])[];
      /** Whether an answer goes on with the model's end token, as it does in training. */
      readonly endToken: boolean;
    };

/** One request to the generation thread whose prompts are only read. */
export interface ReadParams extends Pick<
  GenerateParams,
  'base' | 'adapter' | 'share' | 'priority' | 'deadline'
> {
  readonly prompts: readonly RequestPrompt[];
  readonly wants: Wanted;
}

/** What the thread tells of each prompt, in their order. */
export type ReadEvent =
  { readonly kind: 'embedding'; readonly vector: Float32Array; readonly facts: ReadingFacts } | ScoredPrompt;

export interface ScoredPrompt {
  readonly kind: 'score';
  readonly choices: readonly ChoiceScore[];
  readonly facts: ReadingFacts;
}

/** How likely an answer is behind its prompt. */
export interface ChoiceScore {
  /** The natural logarithm of its probability: the sum of its tokens'. */
  readonly logProbability: number;
  readonly tokens: number;
}
