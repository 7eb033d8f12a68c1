import type { EvaluationRepository, InferenceJobRepository } from '@prad/database';
import { isFinal, type Evaluation, type Heartbeat } from '@prad/domain';
import type { LeasedRow } from '../lease/under-lease.js';

/** An evaluation's row as something to hold a lease on. */
export class EvaluationRow implements LeasedRow<Evaluation> {
  /** Those that are with the workers. */
  requests: readonly string[] = [];

  constructor(
    private readonly evaluations: EvaluationRepository,
    private readonly jobs: InferenceJobRepository,
    private readonly id: string,
    private readonly leaseMs: number,
  ) {}

  claim(owner: string): Promise<Evaluation | undefined> {
    return this.evaluations.claim(this.id, owner, this.leaseMs);
  }

  heartbeat(owner: string): Promise<Heartbeat> {
    return this.evaluations.heartbeat(this.id, owner, this.leaseMs);
  }

  release(owner: string): Promise<void> {
    return this.evaluations.release(this.id, owner);
  }

  async cancel(owner: string): Promise<void> {
    await this.dropRequests();
    await this.evaluations.cancel(this.id, owner);
  }

  async dropRequests(): Promise<void> {
    for (const id of this.requests) await this.jobs.requestCancel(id);
  }

  async ended(): Promise<boolean> {
    return isFinal((await this.evaluations.get(this.id)).status);
  }
}
