import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { withoutGaps } from './without-gaps.js';

type Page = [string, [string, string[]][]][];

/** Reads events as BullMQ does on Postgres: those behind a number that are committed by now, a page at most. */
function table(committed: number[], waits: number[] = []) {
  return (id: string, wait: number): Promise<Page | null> => {
    waits.push(wait);
    const events = committed
      .filter((number) => number > (id === '$' ? 0 : Number(id)))
      .sort((a, b) => a - b)
      .slice(0, 100)
      .map((number): [string, string[]] => [String(number), ['event', `e${number}`]]);
    return Promise.resolve(events.length > 0 ? [['events', events]] : null);
  };
}

const numbersOf = (page: Page | null | undefined): number[] =>
  (page?.[0]?.[1] ?? []).map(([id]) => Number(id));

it('gives every event once, in whatever order they are committed', async () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 2, max: 250 }), { maxLength: 120 });
  await fc.assert(
    fc.asyncProperty(numbers, fc.integer({ min: 1, max: 20 }), async (later, together) => {
      const committed = [1];
      const read = withoutGaps(table(committed));
      const got = numbersOf(await read('$', 5_000));
      for (let at = 0; at < later.length; at += together) {
        committed.push(...later.slice(at, at + together));
        while (got.length < committed.length) got.push(...numbersOf(await read('1', 5_000)));
      }
      expect(got.sort((a, b) => a - b)).toEqual(committed.sort((a, b) => a - b));
    }),
  );
}, 30_000);

it('looks again for a number that was passed over, and gives up one that never comes', async () => {
  const committed = [1, 3];
  const read = withoutGaps(table(committed));
  expect(numbersOf(await read('$', 5_000))).toEqual([1, 3]);
  const next = read('3', 5_000);
  setTimeout(() => committed.push(2), 20);
  expect(numbersOf(await next)).toEqual([2]);
  committed.push(6);
  expect(numbersOf(await read('2', 5_000))).toEqual([6]);
  // 4 and 5 are another queue's; then it waits behind 6 like BullMQ.
  expect(await read('6', 5_000)).toBeNull();
  committed.push(7, 5);
  expect(numbersOf(await read('6', 5_000))).toEqual([7]);
});

it('reads on behind a page of events that it knows', async () => {
  const committed = Array.from({ length: 100 }, (_, place) => place + 2);
  const read = withoutGaps(table(committed));
  expect(numbersOf(await read('$', 5_000))).toHaveLength(100);
  committed.push(103);
  expect(numbersOf(await read('101', 5_000))).toEqual([103]);
  committed.push(...Array.from({ length: 99 }, (_, place) => place + 104));
  expect(numbersOf(await read('103', 5_000))).toHaveLength(99);
  committed.push(203);
  expect(numbersOf(await read('202', 5_000))).toEqual([203]);
});

it('reads what comes close together at once', async () => {
  const committed = [1];
  const read = withoutGaps(table(committed));
  // However slow the machine is, the second read is asked for at the time of the first.
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    expect(numbersOf(await read('$', 5_000))).toEqual([1]);
    committed.push(2);
    const next = read('1', 5_000);
    committed.push(3);
    expect(numbersOf(await next)).toEqual([2, 3]);
  } finally {
    vi.useRealTimers();
  }
});

it('waits longer and longer while nothing comes, and never longer than it is asked to', async () => {
  const committed: number[] = [];
  const waits: number[] = [];
  const read = withoutGaps(table(committed, waits));
  for (let look = 0; look < 8; look++) await read('$', 700);
  expect(waits).toEqual([20, 40, 80, 160, 320, 640, 700, 700]);
  committed.push(1);
  await read('$', 700);
  await read('1', 700);
  expect(waits.slice(-2)).toEqual([700, 20]);
});
