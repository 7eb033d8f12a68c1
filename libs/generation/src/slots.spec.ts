import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pack, slotAt } from './slots.js';

const SLOTS = 7;
const KINDS = 3;
const layouts = fc.record({
  /** What lies in each slot: a row of a group, or nothing. */
  groups: fc.array(fc.constantFrom(undefined, 0, 1, 2), { minLength: SLOTS, maxLength: SLOTS }),
  ends: fc.array(fc.constantFrom('low', 'high'), { minLength: KINDS, maxLength: KINDS }),
});

it('lays groups side by side from their ends, and moves what the rows hold with them', () => {
  fc.assert(
    fc.property(layouts, ({ groups, ends }) => {
      const rows = groups.flatMap((group, slot) =>
        group === undefined ? [] : [{ request: 10 + slot, slot, length: 1 + slot, group }],
      );
      const given = ends.map((end, kind) => ({ end, rows: rows.filter(({ group }) => group === kind) }));
      const memory = new Map(rows.map(({ slot, request }) => [slot, request]));
      const packed = pack(given, SLOTS);
      for (const { from, to, length, back } of packed.moves) {
        const [moved, there] = [memory.get(from), memory.get(to)];
        expect(length).toBe((moved ?? 0) - 9);
        expect(back).toBe(there === undefined ? 0 : there - 9);
        memory.set(to, moved!);
        if (there === undefined) memory.delete(from);
        else memory.set(from, there);
      }
      const taken = { low: 0, high: 0 };
      for (const [kind, { end, rows: group }] of given.entries()) {
        const wanted = group.map(() => slotAt(end, taken[end]++, SLOTS));
        expect(packed.groups[kind]!.map(({ slot }) => slot)).toEqual(wanted.sort());
      }
      for (const { request, slot } of packed.groups.flat()) expect(memory.get(slot)).toBe(request);
    }),
    { seed: 25, numRuns: 1000 },
  );
});
