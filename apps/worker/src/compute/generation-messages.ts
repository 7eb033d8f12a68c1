import type { Prompt } from '@prad/formats';
import type { DecodeWeights, PrefillWeights } from '@prad/generation';
import type { AnswerToken, GenerationRequest, PromptToken } from '@prad/queue';
import type { Device } from '@prad/runtime';

/** What is asked with: text of any kind, or tokens as they are. */
export type RequestPrompt = Prompt | { readonly kind: 'tokens'; readonly tokens: readonly number[] };

/** One request to the generation thread: several prompts to one model share its sampling. */
export interface GenerateParams {
  readonly base: { readonly name: string; readonly folder: string };
  /** Undefined: the base alone. */
  readonly adapter: { readonly name: string; readonly path: string; readonly digest: string } | undefined;
  readonly prompts: readonly RequestPrompt[];
  /** Answers to choose from; null: the model writes. */
  readonly candidates: readonly string[] | null;
  /** The project, for equal shares. */
  readonly share: string;
  /** Lower ones are answered first. */
  readonly priority: number;
  /** When nobody wants the answer any more, in milliseconds since 1970; undefined: never. */
  readonly deadline: number | undefined;
  readonly sampling: GenerationRequest['sampling'];
}

/** What the thread tells: tokens of the prompts, texts of the choices as they come, then the end of each. */
export type GenerateEvent =
  | {
      readonly type: 'text';
      readonly choice: number;
      readonly text: string;
      /** Where `logprobs` asks for them. */
      readonly tokens?: readonly AnswerToken[];
    }
  /** Where `promptLogprobs` asks for it: the tokens of a prompt. */
  | { readonly type: 'prompt'; readonly prompt: number; readonly tokens: readonly PromptToken[] }
  | {
      readonly type: 'end';
      readonly choice: number;
      readonly finishReason: 'stop' | 'length';
      /** Of the candidates, in their order. */
      readonly logProbabilities: readonly number[] | null;
      readonly promptTokens: number;
      readonly cachedTokens: number;
      readonly completionTokens: number;
      readonly prefillMs: number;
      readonly decodeMs: number;
      /** Most rows, and most different adapters, in one step that this choice was part of. */
      readonly maxRows: number;
      readonly maxAdapters: number;
    };

/** The engine's limits, given to the generation thread when it starts. */
export interface EngineSettings {
  /** Most sequences in one step. */
  readonly maxNumSeqs: number;
  /** Longest sequence in tokens; undefined is the model's own context. */
  readonly maxModelLen: number | undefined;
  /** Most prompt tokens in one step. */
  readonly maxNumBatchedTokens: number;
  /** Most bytes of keys and values of running requests; undefined is as many as the sequences have room for. */
  readonly cacheBytes: number | undefined;
  /** Most bytes of keys and values that are kept of prompts. */
  readonly prefixCacheBytes: number;
  /** Most bytes of adapters that stay in memory. */
  readonly adapterCacheBytes: number;
  readonly decodeWeights: DecodeWeights;
  readonly prefillWeights: PrefillWeights;
  readonly intraOpThreads: number;
  readonly device: Device;
}
