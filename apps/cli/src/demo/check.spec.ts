import { describe, expect, it } from 'vitest';
import { shortcomings } from './check.js';
import { demoTasks } from './demo-task.js';

const mixed = { rows: [], maxRows: 12, maxAdapters: 2 };
const good = demoTasks.map((task) => ({
  ...{ task, adapter: `ft:prad-tiny:${task.name}:00000000`, lossBefore: 3, lossAfter: 0.5 },
  ...{ baseScore: 0, adapterScore: 1 },
}));

describe('the demonstration', () => {
  it('is well when losses fell, adapters beat the base and rows shared a step', () => {
    expect(shortcomings(good, mixed)).toEqual([]);
  });

  it('names a loss that did not fall, a weak adapter and a small gain', () => {
    const [first, ...rest] = good;
    const weak = { ...first!, lossAfter: 3, adapterScore: 0.1 };
    expect(shortcomings([weak, ...rest], mixed)).toHaveLength(3);
  });

  it('asks for rows of both adapters in one step', () => {
    expect(shortcomings(good, { ...mixed, maxAdapters: 1 })).toHaveLength(1);
    expect(shortcomings(good, { ...mixed, maxRows: 1 })).toHaveLength(1);
  });
});
