import type { ServedAdapter } from './served-adapter.js';

/** A prompt, or the next chunk of one, that enters a slot; its last position gives the first token of the answer. */
export interface PrefillRow {
  readonly request: number;
  readonly slot: number;
  /** What goes in now. */
  readonly tokens: readonly number[];
  /** Tokens of the prompt that the slot holds already, behind the adapter's prefix. */
  readonly start: number;
  /** Tokens of the whole prompt, by which the adapter's mask goes. */
  readonly promptLength: number;
  readonly adapter: ServedAdapter | undefined;
}

/** Tokens of an answer that were chosen before its request lost its slot; they go in as they did when they were decoded. */
export interface ReplayRow {
  readonly request: number;
  readonly slot: number;
  readonly tokens: readonly number[];
  /** Tokens that the slot holds already. */
  readonly length: number;
  /** Only one that acts on answers too. */
  readonly adapter: ServedAdapter | undefined;
}

/** One more token of an answer: the one chosen last goes in, the logits of the next come out. */
export interface DecodeRow {
  readonly request: number;
  readonly slot: number;
  readonly token: number;
  /** Tokens that the slot holds already, and so the position of this one. */
  readonly length: number;
}

/** As `DecodeRow`, of an adapter that acts on answers too. */
export interface AdaptedDecodeRow extends DecodeRow {
  readonly adapter: ServedAdapter;
}

/** What a slot holds goes to another one, so that rows lie side by side. */
export interface Move {
  readonly from: number;
  readonly to: number;
  readonly length: number;
  /** Tokens that `to` holds and that go to `from` in exchange; 0: nothing in it matters. */
  readonly back: number;
}

/** Slot `to` gets a copy of the `length` tokens that `from` holds: a beam goes on in several ways. */
export interface Copy {
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** Blocks of an earlier prompt that lie at the beginning of a slot, behind the adapter's prefix. */
export interface LoadedBlocks {
  readonly slot: number;
  readonly adapter: ServedAdapter | undefined;
  readonly blocks: readonly string[];
}

/** A block of a prompt that is kept for others. */
export interface SavedBlock {
  readonly slot: number;
  /** The position in the slot of its first token. */
  readonly start: number;
  readonly block: string;
}

/**
 * One step of the engine as data. Rows that run together have consecutive, rising slots, so that their part of the
 * cache is one view of it. First the copies, then the moves, then the loads, then the runs, at last what is dropped and saved.
 */
export interface StepPlan {
  /** Requests that lose their slots before anything else, since memory is short; they wait again. */
  readonly preempted: readonly number[];
  /** None of them writes where another reads or writes. */
  readonly copies: readonly Copy[];
  readonly moves: readonly Move[];
  readonly load: readonly LoadedBlocks[];
  /** All by the base model alone, whatever adapter their prompts had. */
  readonly decode: readonly DecodeRow[];
  /** Rows whose adapters act on answers; never in one run with those of `decode`. */
  readonly adaptedDecode: readonly AdaptedDecodeRow[];
  /** Each is a run of its own: onnxruntime takes several tokens behind others for a single row only. */
  readonly replay: readonly ReplayRow[];
  /**
   * Runs of prompts; adapters, and rows without one, mix freely within a run. One whose slot is not empty, be it a later
   * chunk or behind a prefix, is alone in its run.
   */
  readonly prefill: readonly (readonly PrefillRow[])[];
  /** Blocks that are kept no longer. */
  readonly drop: readonly string[];
  readonly save: readonly SavedBlock[];
}

/** A step in which nothing happens. */
export const emptyStep: StepPlan = {
  ...{
    preempted: [],
    copies: [],
    moves: [],
    load: [],
    decode: [],
    adaptedDecode: [],
    replay: [],
    prefill: [],
  },
  ...{ drop: [], save: [] },
};

/** A prompt that is read at once, into an empty slot. */
export function wholePrompt(row: Pick<PrefillRow, 'request' | 'slot' | 'tokens' | 'adapter'>): PrefillRow {
  return { ...row, start: 0, promptLength: row.tokens.length };
}

export type PlannedRow = PrefillRow | ReplayRow | DecodeRow | AdaptedDecodeRow;

/** The rows of a plan in the order in which they run. */
export function rowsOf(plan: StepPlan): readonly PlannedRow[] {
  return [...plan.decode, ...plan.adaptedDecode, ...plan.replay, ...plan.prefill.flat()];
}

/** How many tokens of its sequence a row puts into its slot. */
export function tokensOf(row: PlannedRow): number {
  return 'token' in row ? 1 : row.tokens.length;
}
