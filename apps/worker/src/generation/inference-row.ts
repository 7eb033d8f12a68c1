import type { InferenceJobRepository } from '@prad/database';
import { isFinal, type Heartbeat, type InferenceJob } from '@prad/domain';
import type { Heartbeats } from '../lease/heartbeats.js';
import type { LeasedRow } from '../lease/under-lease.js';

/** A request's row as something to hold a lease on. */
export class InferenceRow implements LeasedRow<InferenceJob> {
  constructor(
    private readonly jobs: InferenceJobRepository,
    private readonly id: string,
    private readonly leaseMs: number,
    private readonly heartbeats: Heartbeats,
  ) {}

  claim(owner: string): Promise<InferenceJob | undefined> {
    return this.jobs.claim(this.id, owner, this.leaseMs);
  }

  heartbeat(owner: string): Promise<Heartbeat> {
    return this.heartbeats.beat({ id: this.id, owner });
  }

  release(owner: string): Promise<unknown> {
    return this.jobs.release(this.id, owner);
  }

  cancel(owner: string): Promise<unknown> {
    return this.jobs.cancel(this.id, owner);
  }

  async ended(): Promise<boolean> {
    return isFinal((await this.jobs.get(this.id)).status);
  }
}
