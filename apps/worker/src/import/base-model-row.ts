import type { BaseModelRepository } from '@prad/database';
import type { Heartbeat, ImportingBaseModel } from '@prad/domain';
import type { LeasedRow } from '../lease/under-lease.js';

/** A base model's row as something to hold a lease on. */
export class BaseModelRow implements LeasedRow<ImportingBaseModel> {
  constructor(
    private readonly models: BaseModelRepository,
    private readonly id: string,
    private readonly leaseMs: number,
  ) {}

  claim(owner: string): Promise<ImportingBaseModel | undefined> {
    return this.models.claim(this.id, owner, this.leaseMs);
  }

  heartbeat(owner: string): Promise<Heartbeat> {
    return this.models.heartbeat(this.id, owner, this.leaseMs);
  }

  release(owner: string): Promise<void> {
    return this.models.release(this.id, owner);
  }

  /** Never called: an import cannot be cancelled. */
  cancel(owner: string): Promise<void> {
    return this.release(owner);
  }

  async ended(): Promise<boolean> {
    return (await this.models.find(this.id))?.status !== 'importing';
  }
}
