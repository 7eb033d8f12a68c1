import { AppError } from '@prad/errors';
import { Postponed } from '@prad/queue';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { underLease, type LeasedRow } from './under-lease.js';

const timing = { leaseMs: 60, heartbeatMs: 5 };

/** A row in memory that tells what was done to it. */
function rowThat(heartbeat: () => Promise<{ alive: boolean; cancelRequested: boolean }>, claimable = true) {
  const done: string[] = [];
  const row: LeasedRow<string> = {
    claim: () => Promise.resolve(claimable ? 'the job' : undefined),
    heartbeat,
    release: () => Promise.resolve(done.push('released')),
    cancel: () => Promise.resolve(done.push('cancelled')),
    ended: () => Promise.resolve(done.length > 0),
  };
  return { row, done };
}

const alive = () => Promise.resolve({ alive: true, cancelRequested: false });
const host = () => new AbortController().signal;

/** Work that lasts until it is told to stop. */
async function untilStopped(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await sleep(1);
  throw signal.reason;
}

describe('work under a lease', () => {
  it('leaves the row alone when the work succeeds', async () => {
    const { row, done } = rowThat(alive);
    const seen: string[] = [];
    await underLease(row, timing, host(), (job) => Promise.resolve(void seen.push(job)));
    expect(seen).toEqual(['the job']);
    expect(done).toEqual([]);
  });

  it('hands the row back when the work fails, and passes the error on', async () => {
    const { row, done } = rowThat(alive);
    const broken = new AppError({ kind: 'invalid', code: 'broken_file', message: 'broken' });
    await expect(underLease(row, timing, host(), () => Promise.reject(broken))).rejects.toBe(broken);
    expect(done).toEqual(['released']);
  });

  it('stops and cancels the row when a cancel was asked for', async () => {
    const { row, done } = rowThat(() => Promise.resolve({ alive: true, cancelRequested: true }));
    await underLease(row, timing, host(), (_, { signal }) => untilStopped(signal));
    expect(done).toEqual(['cancelled']);
  });

  it('writes nothing more when the lease belongs to somebody else', async () => {
    const { row, done } = rowThat(() => Promise.resolve({ alive: false, cancelRequested: false }));
    const working = underLease(row, timing, host(), (_, { signal }) => untilStopped(signal));
    await expect(working).rejects.toBeInstanceOf(Postponed);
    expect(done).toEqual([]);
  });

  it('outlives one failed renewal but not a lease that ran out', async () => {
    let beats = 0;
    const { row, done } = rowThat(() => {
      beats++;
      return Promise.reject(new Error('the database is away'));
    });
    const working = underLease(row, timing, host(), (_, { signal }) => untilStopped(signal));
    await expect(working).rejects.toBeInstanceOf(Postponed);
    expect(beats).toBeGreaterThan(1);
    expect(done).toEqual([]);
  });

  it('hands the row back when the worker goes down', async () => {
    const { row, done } = rowThat(alive);
    const controller = new AbortController();
    const reason = new AppError({ kind: 'unavailable', code: 'worker_stopping', message: 'going down' });
    setTimeout(() => {
      controller.abort(reason);
    }, 10);
    const working = underLease(row, timing, controller.signal, (_, { signal }) => untilStopped(signal));
    await expect(working).rejects.toBe(reason);
    expect(done).toEqual(['released']);
  });

  it('looks again later at a job that another worker holds, and never at one that has ended', async () => {
    const { row, done } = rowThat(alive, false);
    const nothing = () => Promise.reject(new Error('must not be called'));
    await expect(underLease(row, timing, host(), nothing)).rejects.toBeInstanceOf(Postponed);
    done.push('ended elsewhere');
    await underLease(row, timing, host(), nothing);
  });
});
