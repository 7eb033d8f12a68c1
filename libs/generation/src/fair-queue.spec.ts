import { describe, expect, it } from 'vitest';
import { FairQueue } from './fair-queue.js';

const row = (id: number, share: string, cost = 10, priority = 0) => ({ id, share, cost, priority });
const ids = (rows: readonly { id: number }[]): number[] => rows.map(({ id }) => id);

describe('FairQueue', () => {
  it('keeps the order of arrival within a share', () => {
    const queue = new FairQueue();
    expect(ids(queue.order([row(2, 'a'), row(0, 'a'), row(1, 'a')], 9))).toEqual([0, 1, 2]);
  });

  it('takes turns between shares, by what they cost', () => {
    const queue = new FairQueue();
    const waiting = [row(0, 'a'), row(1, 'a'), row(2, 'a'), row(3, 'b', 25), row(4, 'b')];
    expect(ids(queue.order(waiting, 9))).toEqual([0, 3, 1, 2, 4]);
  });

  it('puts urgent requests first, whatever their share was served', () => {
    const queue = new FairQueue();
    queue.serve('a', 1000);
    expect(ids(queue.order([row(0, 'b'), row(1, 'a', 10, -1)], 9))).toEqual([1, 0]);
  });

  it('serves who was served least, and gives no more than asked for', () => {
    const queue = new FairQueue();
    queue.serve('a', 5);
    expect(ids(queue.order([row(0, 'a'), row(1, 'b'), row(2, 'b')], 2))).toEqual([1, 0]);
  });

  it('lets nobody save up a claim while idle', () => {
    const queue = new FairQueue();
    queue.serve('a', 100);
    queue.arrive('b', new Set(['a']));
    const waiting = [row(0, 'a'), row(1, 'b'), row(2, 'b')];
    expect(ids(queue.order(waiting, 9))).toEqual([0, 1, 2]);
  });
});
