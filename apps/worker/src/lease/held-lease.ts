import type { Heartbeat } from '@prad/domain';
import { AppError } from '@prad/errors';

/** How long a claim lasts and how often it is renewed, in milliseconds. */
export interface LeaseTiming {
  readonly leaseMs: number;
  readonly heartbeatMs: number;
}

/** Why work under a lease was told to stop. */
export type LeaseEnd = 'cancel_requested' | 'pause_requested' | 'lease_lost' | 'worker_stopping';

/**
 * A lease on a row that is renewed until `stop`. Its signal is aborted when a cancel or a pause was asked for, when the lease
 * belongs to somebody else, when it could not be renewed in time, or when the host aborts.
 */
export class HeldLease {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  #end: LeaseEnd | undefined;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();
  #renewedAt = Date.now();
  #stopped = false;

  constructor(
    private readonly beat: () => Promise<Heartbeat>,
    private readonly timing: LeaseTiming,
    host: AbortSignal,
  ) {
    const { signal } = this.#controller;
    this.signal = signal;
    const onHostAbort = (): void => {
      this.#finish('worker_stopping', host.reason);
    };
    if (host.aborted) onHostAbort();
    else host.addEventListener('abort', onHostAbort, { once: true, signal });
    this.#schedule();
  }

  /** Undefined while the work may go on. */
  get end(): LeaseEnd | undefined {
    return this.#end;
  }

  /** Ends the renewals; resolves when the last of them is over, so that it cannot outlive the work. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#beating;
  }

  #schedule(): void {
    if (this.#stopped || this.#end !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#beating = this.#renew();
    }, this.timing.heartbeatMs);
  }

  async #renew(): Promise<void> {
    try {
      const { alive, cancelRequested, pauseRequested = false } = await this.beat();
      this.#renewedAt = Date.now();
      if (!alive) this.#finish('lease_lost', leaseLost('it belongs to another worker'));
      else if (cancelRequested) this.#finish('cancel_requested', cancelled());
      else if (pauseRequested) this.#finish('pause_requested', paused());
    } catch (error) {
      // One failed renewal is no loss: the lease still runs.
      if (Date.now() - this.#renewedAt >= this.timing.leaseMs) {
        this.#finish('lease_lost', leaseLost('it could not be renewed in time', error));
      }
    }
    this.#schedule();
  }

  #finish(end: LeaseEnd, reason: unknown): void {
    this.#end ??= end;
    this.#controller.abort(reason);
  }
}

function leaseLost(why: string, cause?: unknown): AppError {
  return new AppError({ kind: 'conflict', code: 'lease_lost', message: `the lease was lost: ${why}`, cause });
}

function paused(): AppError {
  return new AppError({ kind: 'cancelled', code: 'pause_requested', message: 'a pause was asked for' });
}

function cancelled(): AppError {
  return new AppError({ kind: 'cancelled', code: 'cancel_requested', message: 'a cancel was asked for' });
}
