import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pack, slotAt } from './slots.js';

const SLOTS = 7;
const layouts = fc.record({
  /** What lies in each slot: a row of a group, or nothing. */
  groups: fc.array(fc.constantFrom(undefined, 0, 1), { minLength: SLOTS, maxLength: SLOTS }),
  end: fc.constantFrom('low', 'high'),
});

it('lays groups side by side from an end, and moves what the rows hold with them', () => {
  fc.assert(
    fc.property(layouts, ({ groups, end }) => {
      const rows = groups.flatMap((group, slot) =>
        group === undefined ? [] : [{ request: 10 + slot, slot, length: 1 + slot, group }],
      );
      const given = [rows.filter(({ group }) => group === 0), rows.filter(({ group }) => group === 1)];
      const memory = new Map(rows.map(({ slot, request }) => [slot, request]));
      const packed = pack(given, end, SLOTS);
      for (const { from, to, length, back } of packed.moves) {
        const [moved, there] = [memory.get(from), memory.get(to)];
        expect(length).toBe((moved ?? 0) - 9);
        expect(back).toBe(there === undefined ? 0 : there - 9);
        memory.set(to, moved!);
        if (there === undefined) memory.delete(from);
        else memory.set(from, there);
      }
      const placed = packed.groups.map((group) => group.map(({ slot }) => slot));
      const [first = [], second = []] = placed;
      const wanted = rows.map((_, index) => slotAt(end, index, SLOTS));
      expect(first).toEqual(wanted.slice(0, given[0]!.length).sort());
      expect(second).toEqual(wanted.slice(given[0]!.length).sort());
      for (const { request, slot } of packed.groups.flat()) expect(memory.get(slot)).toBe(request);
    }),
    { seed: 25, numRuns: 1000 },
  );
});
