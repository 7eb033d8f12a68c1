import { newId, type Heartbeat } from '@prad/domain';
import { AppError } from '@prad/errors';
import { Postponed } from '@prad/queue';
import { HeldLease, type LeaseTiming } from './held-lease.js';

/** The row of one job, as far as its lease goes. */
export interface LeasedRow<Job> {
  /** Undefined when the job has ended or somebody else works on it. */
  claim(owner: string): Promise<Job | undefined>;
  heartbeat(owner: string): Promise<Heartbeat>;
  /** Hands the job back for another try. */
  release(owner: string): Promise<unknown>;
  /** Ends the job because a cancel was asked for. */
  cancel(owner: string): Promise<unknown>;
  /** Leaves the job for later because a pause was asked for. */
  pause?(owner: string): Promise<unknown>;
  /** Whether nothing is left to do for now. */
  ended(): Promise<boolean>;
}

/** What work under a lease needs to know of it. */
export interface Lease {
  /** Every write names it; the repositories refuse those of an owner who has lost the lease. */
  readonly owner: string;
  /** Aborted when the work must stop. */
  readonly signal: AbortSignal;
}

/**
 * Claims the row, works, and leaves the row as the work ended: `work` itself writes success; after a cancel the row is
 * cancelled, after a pause paused; after any other end it is handed back and the error goes to the queue, which tries again or gives up.
 * A job that has ended is left alone; one that somebody else works on is looked at again later.
 */
export async function underLease<Job>(
  row: LeasedRow<Job>,
  timing: LeaseTiming,
  host: AbortSignal,
  work: (job: Job, lease: Lease) => Promise<void>,
): Promise<void> {
  const owner = newId('lease');
  const job = await row.claim(owner);
  if (job === undefined) {
    if (await row.ended()) return;
    throw new Postponed(pauseOf(timing));
  }
  const held = new HeldLease(() => row.heartbeat(owner), timing, host);
  try {
    await work(job, { owner, signal: held.signal });
  } catch (error) {
    await held.stop();
    if (held.end === 'lease_lost' || isLeaseLost(error)) throw new Postponed(pauseOf(timing));
    if (held.end === 'cancel_requested') {
      await row.cancel(owner);
      return;
    }
    if (held.end === 'pause_requested' && row.pause) {
      await row.pause(owner);
      return;
    }
    await row.release(owner);
    throw error;
  } finally {
    await held.stop();
  }
}

/** Several looks in the time a dead holder's lease takes to run out. */
function pauseOf({ leaseMs }: LeaseTiming): number {
  return Math.ceil(leaseMs / 4);
}

function isLeaseLost(error: unknown): boolean {
  return error instanceof AppError && error.code === 'lease_lost';
}
