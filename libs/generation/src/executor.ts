import type { StepPlan } from './plan.js';

export interface BlockLayout {
  /** Tokens of a block. */
  readonly tokens: number;
  /** What every block depends on: the base's weights and the dtype of keys and values. */
  readonly key: string;
}

export interface RowLogits {
  /** [V] */
  readonly values: Float32Array;
  /** The place of the largest, the first of equals, where it is known without a search; -1 where none is a number. */
  readonly largest?: number;
}

/** What runs a plan: the only thing between the scheduler and the numerics. */
export abstract class Executor {
  /** Sequences that the cache has room for. */
  abstract readonly slots: number;
  /** Tokens that a slot, and the model, take: prompt and answer together. */
  abstract readonly capacity: number;
  /** Whether prompts may be read in chunks, and answers replayed at once: see `StepLimits`. */
  abstract readonly chunks: boolean;

  /** Bytes of keys and values of a token in a slot. */
  abstract readonly tokenBytes: number;
  /** How prompts are kept for others; undefined where slots cannot be read. */
  abstract readonly blocks: BlockLayout | undefined;

  /**
   * Does the copies, then the moves, then the runs. A slot that was moved from or whose request ended holds nothing that matters.
   * @returns the logits behind each row's last token by its request, good until the next call.
   */
  abstract run(plan: StepPlan): Promise<ReadonlyMap<number, RowLogits>>;

  /** Frees the memory. No run is under way and none follows. */
  abstract close(): Promise<void>;
}
