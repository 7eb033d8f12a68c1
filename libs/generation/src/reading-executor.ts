import type { ServedAdapter } from './served-adapter.js';

/** A prompt, or the next chunk of one, for the slot of its place in the run. */
export interface PromptRow {
  readonly tokens: readonly number[];
  /** Tokens of the prompt that the slot holds already, behind the adapter's prefix. */
  readonly start: number;
  /** Tokens of the whole prompt. */
  readonly promptLength: number;
  readonly adapter: ServedAdapter | undefined;
  /** Places among `tokens` whose hidden states come out. */
  readonly read: readonly number[];
  /** Places among `tokens` behind which logits come out. */
  readonly logits: readonly number[];
}

export interface PromptOutput {
  /** [E] for each place that was read. */
  readonly hidden: readonly Float32Array[];
  /** [V] for each place behind which they were asked for. */
  readonly logits: readonly Float32Array[];
}

/** Tokens of an answer that go behind what a slot holds. */
export interface AnswerRow {
  readonly slot: number;
  readonly tokens: readonly number[];
  /** Positions of the slot that are in front of them. */
  readonly past: number;
  /** Only one that acts on answers too. */
  readonly adapter: ServedAdapter | undefined;
}

/** What reads prompts and scores answers: the only thing between the reader's order and the numerics. */
export abstract class ReadingExecutor {
  /** Prompts that a run takes. */
  abstract readonly slots: number;
  /** Tokens that a slot, and the model, take: prompt and answer together. */
  abstract readonly capacity: number;
  /** Whether a slot that holds something takes several tokens at once; else prompts are read whole and answers by tokens. */
  abstract readonly chunks: boolean;

  /**
   * Reads prompts into the slots from 0 on. A later chunk, and a prompt behind an adapter's prefix, come alone.
   * @returns one output for each row, good for as long as they are kept.
   */
  abstract prompts(rows: readonly PromptRow[]): Promise<readonly PromptOutput[]>;

  /**
   * Puts tokens behind prompts: one token each for neighbouring slots, or several for one slot. All rows have adapters, or none
   * has.
   * @returns the logits [V] behind each token of each row.
   */
  abstract answers(rows: readonly AnswerRow[]): Promise<readonly (readonly Float32Array[])[]>;

  /** Frees the memory. No run is under way and none follows. */
  abstract close(): Promise<void>;
}
