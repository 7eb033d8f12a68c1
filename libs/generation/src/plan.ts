import type { ServedAdapter } from './served-adapter.js';

/** A prompt that enters a slot; its last position gives the first token of the answer. */
export interface PrefillRow {
  readonly request: number;
  readonly slot: number;
  readonly tokens: readonly number[];
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
}

/**
 * One step of the engine as data. Rows that run together have consecutive, rising slots, so that their part of the
 * cache is one view of it. First the moves, then the runs.
 */
export interface StepPlan {
  readonly moves: readonly Move[];
  /** All by the base model alone, whatever adapter their prompts had. */
  readonly decode: readonly DecodeRow[];
  /** Rows whose adapters act on answers; never in one run with those of `decode`. */
  readonly adaptedDecode: readonly AdaptedDecodeRow[];
  /** Runs of prompts; adapters, and rows without one, mix freely within a run. */
  readonly prefill: readonly (readonly PrefillRow[])[];
}

/** The rows of a plan in the order in which they run. */
export function rowsOf(plan: StepPlan): readonly (PrefillRow | DecodeRow | AdaptedDecodeRow)[] {
  return [...plan.decode, ...plan.adaptedDecode, ...plan.prefill.flat()];
}
