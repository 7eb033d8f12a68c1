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

/** Rows that run together, and the end from which their part is counted. */
export interface Group<O extends Occupant> {
  readonly end: End;
  readonly rows: readonly O[];
}

export interface Packed<O extends Occupant> {
  readonly moves: readonly Move[];
  /** The groups' rows where they lie after the moves, by rising slot. */
  readonly groups: readonly (readonly O[])[];
}

/**
 * Lays the groups of each end side by side from it on, in their order: rows that lie outside their group's part move into
 * it, in exchange with who is there. A move copies what the slots hold, which takes less than a millisecond where an idle
 * row in a run would cost several in every step.
 */
export function pack<O extends Occupant>(groups: readonly Group<O>[], slots: number): Packed<O> {
  const bySlot = new Map(groups.flatMap(({ rows }) => rows).map((row) => [row.slot, row]));
  const moves: Move[] = [];
  const taken = { low: 0, high: 0 };
  for (const { end, rows } of groups) {
    const members = new Set(rows.map(({ request }) => request));
    const part = new Set(rows.map((_, index) => slotAt(end, taken[end] + index, slots)));
    const outside = [...bySlot.values()].filter(
      ({ request, slot }) => members.has(request) && !part.has(slot),
    );
    for (const to of part) {
      const there = bySlot.get(to);
      if (there && members.has(there.request)) continue;
      const row = outside.shift();
      if (!row) break;
      const { slot: from, length } = row;
      moves.push({ from, to, length, back: there?.length ?? 0 });
      bySlot.set(to, { ...row, slot: to });
      if (there) bySlot.set(from, { ...there, slot: from });
      else bySlot.delete(from);
    }
    taken[end] += rows.length;
  }
  const placed = [...bySlot.values()].sort((a, b) => a.slot - b.slot);
  const groupOf = ({ rows }: Group<O>): readonly O[] => {
    const members = new Set(rows.map(({ request }) => request));
    return placed.filter(({ request }) => members.has(request));
  };
  return { moves, groups: groups.map(groupOf) };
}
