import type { PlacedTensors } from '@prad/runtime';
import type { Copy, LoadedBlocks, Move, SavedBlock } from './plan.js';
import type { RunRow } from './run-feeds.js';

/** A run as the graph sees it. */
export interface PlacedRun {
  /** The rows of the batch, among them idle ones that only fill it; their slots count up. */
  readonly rows: readonly RunRow[];
  /** Where in the batch the rows are that were asked for, in their order. */
  readonly wanted: readonly number[];
  /** The cache before and after the run, by `cacheName`: the same memory, which the run updates in place. */
  readonly past: PlacedTensors;
  readonly present: PlacedTensors;
}

/** Tokens of a block that is kept: small enough to share most of a prefix, large enough that a copy moves kilobytes. */
export const BLOCK_TOKENS = 16;

/** Keys and values of all slots, in host memory or in that of a GPU. */
export abstract class KeyValueCache {
  /** Whether a slot that holds something takes several tokens at once. */
  abstract readonly chunks: boolean;

  /** Afterwards each slot `to` holds what its slot `from` holds too. */
  abstract copy(copies: readonly Copy[]): Promise<void>;

  /** What slot `from` holds is in slot `to`; what `from` holds does not matter any more, unless it is an exchange. */
  abstract move(move: Move): void;

  /** Puts saved blocks into a slot's beginning, behind the adapter's prefix. */
  abstract load(loaded: LoadedBlocks): void;

  /** Keeps a copy of a part of a slot; only where `chunks`. */
  abstract save(saved: SavedBlock): void;

  abstract drop(block: string): void;

  /**
   * Lets `work` run the graph once, for rows that all begin their prompts (nothing in their slots matters), that all decode
   * one token, or for a single row that puts several tokens behind what its slot holds; afterwards their slots hold the
   * tokens too. A prompt whose adapter has a prefix finds that in its slot; it comes alone.
   */
  abstract run(rows: readonly RunRow[], work: (placed: PlacedRun) => Promise<void>): Promise<void>;

  /** Frees the memory. */
  abstract close(): Promise<void>;
}
