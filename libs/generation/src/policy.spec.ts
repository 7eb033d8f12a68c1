import { describe, expect, it } from 'vitest';
import { served } from '../testing/hash-executor.js';
import { planStep, type RunningRow, type StepLimits, type WaitingRow } from './policy.js';
import type { ServedAdapter } from './served-adapter.js';

const prompt = served('p');
const all = served('a', true);

const waits = (request: number, length: number, by?: ServedAdapter, priority = 0): WaitingRow => ({
  ...{ request, width: 1, adapter: by, priority, kept: [] },
  ...{ prompt: new Array<number>(length).fill(7), answer: [] },
});
/** A request that has read its prompt of ten tokens and chosen as many as its number says, and one more. */
const runs = (request: number, slot: number, by?: ServedAdapter, priority = 0): RunningRow => ({
  ...waits(request, 10, by, priority),
  answer: Array.from({ length: request + 1 }, () => 100 + request),
  ...{ owner: request, slot, held: 10 + request },
});
const limits: StepLimits = {
  slots: 4,
  prefillTokens: 20,
  chunks: true,
  cacheTokens: Infinity,
  blockTokens: 4,
};
const placed = (rows: readonly { request: number; slot: number }[]) =>
  rows.map(({ request, slot }) => [request, slot]);

describe('planStep', () => {
  it('decodes everybody and admits into the free slots beside them', () => {
    const plan = planStep(
      { running: [runs(1, 0), runs(2, 1, prompt)], waiting: [waits(3, 5, prompt)] },
      { ...limits, prefillTokens: 40 },
    );
    expect(plan.moves).toEqual([]);
    expect(plan.decode).toEqual([
      { request: 1, slot: 0, token: 101, length: 11 },
      { request: 2, slot: 1, token: 102, length: 12 },
    ]);
    expect(plan.adaptedDecode).toEqual([]);
    expect(plan.prefill.map(placed)).toEqual([[[3, 2]]]);
    expect(plan.prefill[0]?.[0]).toMatchObject({ tokens: [7, 7, 7, 7, 7], adapter: prompt, promptLength: 5 });
  });

  it('closes the gap that a finished row left', () => {
    const plan = planStep({ running: [runs(1, 1), runs(2, 3), runs(3, 0)], waiting: [] }, limits);
    expect(plan.moves).toEqual([{ from: 3, to: 2, length: 12, back: 0 }]);
    expect(placed(plan.decode)).toEqual([
      [3, 0],
      [1, 1],
      [2, 2],
    ]);
  });

  it('keeps rows whose adapters act on answers apart, at the other end', () => {
    const running = [runs(1, 0), runs(2, 2, all)];
    const plan = planStep({ running, waiting: [waits(3, 1, all), waits(4, 1)] }, { ...limits, slots: 5 });
    expect(plan.moves).toEqual([{ from: 2, to: 4, length: 12, back: 0 }]);
    expect(placed(plan.decode)).toEqual([[1, 0]]);
    expect(plan.adaptedDecode).toEqual([{ request: 2, slot: 4, token: 102, length: 12, adapter: all }]);
    // Their prompts are read together.
    expect(plan.prefill.map(placed)).toEqual([
      [
        [4, 1],
        [3, 2],
      ],
    ]);
  });

  it('admits in order of arrival until the budget is spent; padding counts', () => {
    const waiting = [waits(1, 6), waits(2, 6), waits(3, 8), waits(4, 1)];
    expect(planStep({ running: [], waiting }, limits).prefill.map(placed)).toEqual([
      [
        [1, 0],
        [2, 1],
      ],
    ]);
  });

  it('reads a prompt beyond the budget in chunks, and lets answers go on between them', () => {
    const long = waits(1, 50);
    const first = planStep({ running: [runs(0, 0)], waiting: [long, waits(2, 1)] }, limits);
    expect(first.prefill).toEqual([
      [
        {
          request: 1,
          slot: 1,
          tokens: long.prompt.slice(0, 14),
          start: 0,
          promptLength: 50,
          adapter: undefined,
        },
      ],
    ]);
    const second = planStep(
      {
        running: [runs(0, 0), { ...long, owner: 1, slot: 1, held: 48 }],
        waiting: [waits(2, 1), waits(3, 1)],
      },
      limits,
    );
    expect(second.decode).toHaveLength(1);
    expect(
      second.prefill.map((rows) => rows.map(({ request, start, tokens }) => [request, start, tokens.length])),
    ).toEqual([
      [[1, 48, 2]],
      [
        [2, 0, 1],
        [3, 0, 1],
      ],
    ]);
  });

  it('spends the whole budget where no answer waits for it, or where slots take no chunks', () => {
    const waiting = [waits(1, 10), waits(2, 10)];
    const read = (running: readonly RunningRow[], chunks: boolean) =>
      planStep({ running, waiting }, { ...limits, chunks }).prefill.flat().length;
    expect(read([], true)).toBe(2);
    expect(read([runs(0, 0)], true)).toBe(1);
    expect(read([runs(0, 0)], false)).toBe(2);
  });

  it('gives prompts the part of the budget that they are of those who wait, and an eighth at least', () => {
    const read = (answers: number, prompts: number) => {
      const running = Array.from({ length: answers }, (_, slot) => runs(slot, slot));
      const waiting = Array.from({ length: prompts }, (_, place) => waits(100 + place, 400));
      const plan = planStep({ running, waiting }, { ...limits, slots: 20, prefillTokens: 240 });
      return plan.prefill.flat().reduce((sum, { tokens }) => sum + tokens.length, 0);
    };
    expect([read(1, 1), read(1, 5), read(5, 1), read(15, 1)]).toEqual([120, 200, 40, 30]);
    // Only those count for whom there are slots.
    expect(read(15, 20)).toBe(60);
  });

  it('reads of a prompt only what is behind its kept blocks, alone', () => {
    const waiting = [{ ...waits(1, 11), kept: ['a', 'b'] }, waits(2, 6)];
    const plan = planStep({ running: [], waiting }, limits);
    expect(plan.load).toEqual([{ slot: 1, adapter: undefined, blocks: ['a', 'b'] }]);
    expect(
      plan.prefill.map((rows) => rows.map(({ request, start, tokens }) => [request, start, tokens.length])),
    ).toEqual([[[2, 0, 6]], [[1, 8, 3]]]);
  });

  it('reads a prompt beyond the budget whole, and alone, where slots take no chunks', () => {
    const plan = planStep(
      { running: [], waiting: [waits(1, 50), waits(2, 1)] },
      { ...limits, chunks: false },
    );
    expect(plan.prefill.map((rows) => rows.map(({ tokens }) => tokens.length))).toEqual([[50]]);
  });

  it('exchanges a row that is being read with one that begins to decode behind it', () => {
    const read: RunningRow = { ...waits(2, 50), owner: 2, slot: 1, held: 20 };
    const plan = planStep({ running: [runs(1, 0), read, runs(3, 2)], waiting: [] }, limits);
    expect(plan.moves).toEqual([{ from: 2, to: 1, length: 13, back: 20 }]);
    expect(placed(plan.decode)).toEqual([
      [1, 0],
      [3, 1],
    ]);
    expect(plan.prefill.map(placed)).toEqual([[[2, 2]]]);
  });

  it('takes the slot of who came last among the least urgent when memory is short, and admits nobody then', () => {
    const running = [runs(0, 0, undefined, 1), runs(1, 1), runs(2, 2)];
    const plan = planStep({ running, waiting: [waits(9, 1)] }, { ...limits, cacheTokens: 26 });
    expect(plan.preempted).toEqual([0]);
    expect(placed(plan.decode)).toEqual([
      [2, 0],
      [1, 1],
    ]);
    expect(plan.prefill).toEqual([]);
    expect(planStep({ running, waiting: [] }, { ...limits, cacheTokens: 36 }).preempted).toEqual([]);
  });

  it('admits a beam search where all of its beams have slots and room, and nobody before it', () => {
    const wide = { ...waits(5, 6), width: 3 };
    const waiting = [wide, waits(9, 1)];
    const admitted = (running: RunningRow[], more: Partial<StepLimits> = {}) =>
      planStep({ running, waiting }, { ...limits, ...more }).prefill.map(placed);
    expect(admitted([runs(1, 0), runs(2, 1)])).toEqual([]);
    expect(admitted([runs(1, 0)])).toEqual([[[5, 1]]]);
    // 12 of the other, and 6 for each beam, with 8 to spare for every row.
    expect(admitted([runs(1, 0)], { cacheTokens: 12 + 3 * 6 + 4 * 8 })).toEqual([[[5, 1]]]);
    expect(admitted([runs(1, 0)], { cacheTokens: 12 + 3 * 6 + 4 * 8 - 1 })).toEqual([]);
    // With nobody else, both fit into the four slots.
    expect(admitted([])).toEqual([
      [
        [5, 0],
        [9, 1],
      ],
    ]);
  });

  it('takes all slots of a beam search', () => {
    const beam = (request: number, slot: number): RunningRow => ({ ...runs(2, slot), request, owner: 2 });
    const running = [runs(1, 0), beam(2, 1), beam(3, 2), beam(4, 3)];
    expect(planStep({ running, waiting: [] }, { ...limits, cacheTokens: 51 }).preempted).toEqual([]);
    const plan = planStep({ running, waiting: [] }, { ...limits, cacheTokens: 50 });
    expect(plan.preempted).toEqual([2]);
    expect(placed(plan.decode)).toEqual([[1, 0]]);
  });

  it('puts chosen tokens back at once: by the base, or by an adapter that acts on answers', () => {
    const back = (request: number, slot: number, by: ServedAdapter): RunningRow => ({
      ...waits(request, 4, by),
      ...{ owner: request, answer: [1, 2, 3], slot, held: 4 },
    });
    const plan = planStep({ running: [back(1, 0, prompt), back(2, 3, all)], waiting: [] }, limits);
    expect(plan.replay).toEqual([
      { request: 1, slot: 0, tokens: [1, 2, 3], length: 4, adapter: undefined },
      { request: 2, slot: 3, tokens: [1, 2, 3], length: 4, adapter: all },
    ]);
    const slowly = planStep({ running: [back(1, 0, prompt)], waiting: [] }, { ...limits, chunks: false });
    expect(slowly.decode).toEqual([{ request: 1, slot: 0, token: 1, length: 4 }]);
  });

  it('admits only as many as memory has room for', () => {
    const waiting = [waits(1, 8), waits(2, 8)];
    const admitted = (cacheTokens: number): number =>
      planStep({ running: [], waiting }, { ...limits, cacheTokens }).prefill.flat().length;
    expect([admitted(10), admitted(31), admitted(32)]).toEqual([1, 1, 2]);
  });

  it('admits nobody when no slot is free', () => {
    const running = [0, 1, 2, 3].map((slot) => runs(slot, slot));
    const plan = planStep({ running, waiting: [waits(9, 1)] }, limits);
    expect(plan.prefill).toEqual([]);
    expect(plan.decode).toHaveLength(4);
  });
});
