import { describe, expect, it } from 'vitest';
import { demandOf, type RoleWork } from './demand.js';

const depth = { waiting: 4, prioritized: 2, delayed: 3, active: 5, failed: 9 };
const work: RoleWork = { depth, due: 1, paused: false, unfinished: 14, held: 4 };

describe('demand of a pool', () => {
  it('counts what waits, what is prioritised, what comes back soon and what is at work', () => {
    expect(demandOf([work])).toEqual({
      ...{ waiting: 4, prioritized: 2, due: 1, active: 5, unqueued: 0, paused: 0 },
      ...{ needed: 12, unclaimed: 8 },
    });
  });

  it('leaves out what a paused queue holds back, but not what is at work', () => {
    expect(demandOf([{ ...work, paused: true, unfinished: 20 }])).toEqual({
      ...{ waiting: 0, prioritized: 0, due: 0, active: 5, unqueued: 0, paused: 7 },
      ...{ needed: 5, unclaimed: 0 },
    });
  });

  it('counts rows that the queue has lost, and lets cancelled jobs in the queue not hide work', () => {
    expect(demandOf([{ ...work, unfinished: 17 }])).toMatchObject({ unqueued: 3, needed: 15 });
    expect(demandOf([{ ...work, unfinished: 2 }])).toMatchObject({ unqueued: 0, needed: 12 });
  });

  it('calls unclaimed what no living worker holds, a killed one’s active work too', () => {
    expect(demandOf([{ ...work, held: 0 }])).toMatchObject({ active: 5, needed: 12, unclaimed: 12 });
    expect(demandOf([{ ...work, held: 20 }])).toMatchObject({ needed: 12, unclaimed: 0 });
  });

  it('adds up the roles of a pool', () => {
    expect(demandOf([work, { ...work, paused: true }])).toMatchObject({ active: 10, paused: 7, needed: 17 });
    expect(demandOf([]).needed).toBe(0);
  });
});
