import { describe, expect, it } from 'vitest';
import { planStep, type RunningRow, type WaitingRow } from './policy.js';
import type { ServedAdapter } from './served-adapter.js';

const adapter = (digest: string, adaptsAnswers: boolean): ServedAdapter => ({
  digest,
  scope: adaptsAnswers ? 'all' : 'prompt',
  adaptsAnswers,
  loaded: { adapter: {}, served: new Map() } as never,
  prefix: undefined,
  softTokens: [],
  tokenizer: {} as never,
});
const prompt = adapter('p', false);
const all = adapter('a', true);

const waits = (request: number, length: number, by?: ServedAdapter): WaitingRow => ({
  request,
  prompt: new Array<number>(length).fill(7),
  adapter: by,
});
const runs = (request: number, slot: number, by?: ServedAdapter): RunningRow => ({
  request,
  slot,
  length: 10 + request,
  token: 100 + request,
  adapter: by,
});
const limits = { slots: 4, prefillTokens: 20 };
const placed = (rows: readonly { request: number; slot: number }[]) =>
  rows.map(({ request, slot }) => [request, slot]);

describe('planStep', () => {
  it('decodes everybody and admits into the free slots beside them', () => {
    const plan = planStep(
      { running: [runs(1, 0), runs(2, 1, prompt)], waiting: [waits(3, 5, prompt)] },
      limits,
    );
    expect(plan.moves).toEqual([]);
    expect(plan.decode).toEqual([
      { request: 1, slot: 0, token: 101, length: 11 },
      { request: 2, slot: 1, token: 102, length: 12 },
    ]);
    expect(plan.adaptedDecode).toEqual([]);
    expect(plan.prefill.map(placed)).toEqual([[[3, 2]]]);
    expect(plan.prefill[0]?.[0]).toMatchObject({ tokens: [7, 7, 7, 7, 7], adapter: prompt });
  });

  it('closes the gap that a finished row left', () => {
    const plan = planStep({ running: [runs(1, 1), runs(2, 3), runs(3, 0)], waiting: [] }, limits);
    expect(plan.moves).toEqual([{ from: 3, to: 2, length: 12 }]);
    expect(placed(plan.decode)).toEqual([
      [3, 0],
      [1, 1],
      [2, 2],
    ]);
  });

  it('keeps rows whose adapters act on answers apart, at the other end', () => {
    const running = [runs(1, 0), runs(2, 2, all)];
    const plan = planStep({ running, waiting: [waits(3, 4, all), waits(4, 4)] }, { ...limits, slots: 5 });
    expect(plan.moves).toEqual([{ from: 2, to: 4, length: 12 }]);
    expect(placed(plan.decode)).toEqual([[1, 0]]);
    expect(plan.adaptedDecode).toEqual([{ request: 2, slot: 4, token: 102, length: 12, adapter: all }]);
    expect(plan.prefill.map(placed)).toEqual([[[4, 1]], [[3, 3]]]);
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

  it('admits a prompt beyond the budget alone rather than never', () => {
    const plan = planStep({ running: [], waiting: [waits(1, 50), waits(2, 1)] }, limits);
    expect(plan.prefill.map(placed)).toEqual([[[1, 0]]]);
  });

  it('admits nobody when no slot is free', () => {
    const running = [0, 1, 2, 3].map((slot) => runs(slot, slot));
    const plan = planStep({ running, waiting: [waits(9, 1)] }, limits);
    expect(plan.prefill).toEqual([]);
    expect(plan.decode).toHaveLength(4);
  });
});
