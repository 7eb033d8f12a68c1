import type { Move } from './plan.js';

/** A slot in use: rows that decode alike lie side by side. */
export interface Occupant {
  readonly request: number;
  readonly slot: number;
  /** Tokens in the slot. */
  readonly length: number;
}

/** Which end of the slots a kind of rows fills: the base's from 0 up, the adapted from the last down. */
export type End = 'low' | 'high';

/** The slot at place `index` counted from an end. */
export function slotAt(end: End, index: number, slots: number): number {
  return end === 'low' ? index : slots - 1 - index;
}

export interface Packed<O extends Occupant> {
  readonly moves: readonly Move[];
  /** The same rows where they lie after the moves, by rising slot. */
  readonly rows: readonly O[];
}

/**
 * Closes the gaps that finished rows left: the rows farthest from the end move into them. A move copies what the slot
 * holds, which takes less than a millisecond where an idle row in a run would cost several in every step.
 */
export function pack<O extends Occupant>(rows: readonly O[], end: End, slots: number): Packed<O> {
  const inside = new Set(rows.map((_, index) => slotAt(end, index, slots)));
  const gaps = new Set(inside);
  for (const { slot } of rows) gaps.delete(slot);
  const free = [...gaps];
  const moves: Move[] = [];
  const placed = rows.map((row) => {
    const to = inside.has(row.slot) ? undefined : free.shift();
    if (to === undefined) return row;
    moves.push({ from: row.slot, to, length: row.length });
    return { ...row, slot: to };
  });
  return { moves, rows: placed.sort((a, b) => a.slot - b.slot) };
}
