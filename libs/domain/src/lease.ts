/**
 * The right of one holder to work on a row until a point in time.
 * The owner is a fresh id for every claim (`newId('lease')`), so that an earlier claim of the same worker is refused too.
 */
export interface Lease {
  readonly owner: string;
  readonly expiresAt: Date;
}

/** Who works on which job. */
export interface LeaseHolder {
  /** Of the job. */
  readonly id: string;
  readonly owner: string;
}

/** What a holder learns when it renews its lease. */
export interface Heartbeat {
  /** False when the lease now belongs to somebody else or the work has ended: the holder must stop and write nothing. */
  readonly alive: boolean;
  /** True when a cancel was asked for. */
  readonly cancelRequested: boolean;
  /** True when the work is to stop so that it can go on later; only work that resumes can be paused. */
  readonly pauseRequested?: boolean;
}

/** True when nobody may still be working under this lease, so that the row may be claimed. */
export function leaseIsFree(lease: Lease | null, now: Date): boolean {
  return lease === null || lease.expiresAt.getTime() <= now.getTime();
}
