import type { Sampling } from './sampling.js';
import type { ServedAdapter } from './served-adapter.js';

/** One sequence to generate. */
export interface GenerationRequest {
  readonly promptTokens: readonly number[];
  readonly adapter: ServedAdapter | undefined;
  readonly sampling: Sampling;
  /** Most tokens of the answer; the room left in the cache bounds it too. */
  readonly maxTokens: number;
  /** The answer ends before the first of these texts. */
  readonly stop: readonly string[];
}

/** What an engine tells of a request, in order; `finished` is the last. */
export type GenerationEvent =
  | {
      readonly type: 'token';
      /** The token's place in the answer, from 0. */
      readonly index: number;
      readonly tokenId: number;
      /** What may be shown now; empty while a character or a stop string may still be incomplete. */
      readonly text: string;
    }
  | {
      readonly type: 'finished';
      readonly reason: 'stop' | 'length' | 'cancelled';
      /** Text that was held back. */
      readonly text: string;
      readonly promptTokens: number;
      /** The end token is counted. */
      readonly completionTokens: number;
      readonly timings: { readonly queueMs: number; readonly prefillMs: number; readonly decodeMs: number };
      /** The largest step that the request was part of: rows, and different adapters (the base counts as one). */
      readonly batch: { readonly maxRows: number; readonly maxAdapters: number };
    };
