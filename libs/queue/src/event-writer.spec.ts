import { describe, expect, it } from 'vitest';
import { EventWriter } from './event-writer.js';
import { decodeBatch, type EventBatch } from './event-log.js';

function target(failures = 0) {
  const logged: EventBatch[] = [];
  let left = failures;
  return {
    logged,
    log: (row: string) => {
      if (left > 0) {
        left -= 1;
        return Promise.reject(new Error('store is down'));
      }
      return Promise.resolve(logged.push(decodeBatch(row)));
    },
    updateProgress: () => Promise.resolve(),
  };
}

describe('EventWriter', () => {
  it('writes the first event at once and later ones together, numbered without gaps', async () => {
    const job = target();
    const writer = new EventWriter(job, () => undefined);
    writer.append(['a']);
    await Promise.resolve();
    writer.append(['b']);
    writer.append(['c', 'd']);
    await writer.close();
    expect(job.logged).toEqual([
      { first: 1, events: ['a'] },
      { first: 2, events: ['b', 'c', 'd'] },
    ]);
  });

  it('writes again what the store refused, under the same numbers', async () => {
    const job = target(1);
    const errors: unknown[] = [];
    const writer = new EventWriter(job, (error) => errors.push(error));
    writer.append(['a']);
    await new Promise((resolve) => setTimeout(resolve, 5));
    writer.append(['b']);
    await writer.close();
    expect(errors).toHaveLength(1);
    expect(job.logged).toEqual([{ first: 1, events: ['a', 'b'] }]);
  });

  it('gives up quietly when the store stays down at the end', async () => {
    const writer = new EventWriter(target(100), () => undefined);
    writer.append(['a']);
    await expect(writer.close()).resolves.toBeUndefined();
  });

  it('drops what comes after the end', async () => {
    const job = target();
    const writer = new EventWriter(job, () => undefined);
    await writer.close();
    writer.append(['late']);
    await writer.close();
    expect(job.logged).toEqual([]);
  });
});
