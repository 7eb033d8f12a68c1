import type { Repositories } from '@prad/database';
import { isFinal, type FineTuningJob, type Heartbeat, type Progress } from '@prad/domain';
import type { LeasedRow } from '../lease/under-lease.js';

/** A fine-tuning job's row as something to hold a lease on; each heartbeat records the progress. */
export class FineTuningRow implements LeasedRow<FineTuningJob> {
  /** Set by whoever does the work. */
  progress: Progress | undefined;

  constructor(
    private readonly rows: Pick<Repositories, 'fineTuningJobs' | 'jobEvents'>,
    private readonly id: string,
    private readonly leaseMs: number,
    /** Most jobs of a project that workers are at; 0: any number. */
    private readonly mostOfProject = 0,
  ) {}

  claim(owner: string): Promise<FineTuningJob | undefined> {
    return this.rows.fineTuningJobs.claim(this.id, owner, this.leaseMs, this.mostOfProject);
  }

  heartbeat(owner: string): Promise<Heartbeat> {
    return this.rows.fineTuningJobs.heartbeat(this.id, owner, this.leaseMs, this.progress);
  }

  async release(owner: string): Promise<void> {
    await this.rows.fineTuningJobs.release(this.id, owner);
  }

  /** The event comes first: whoever follows the job reads no events after its end. */
  async cancel(owner: string): Promise<void> {
    await this.rows.jobEvents.append(this.id, { level: 'info', message: 'The job was cancelled' }, owner);
    await this.rows.fineTuningJobs.cancel(this.id, owner);
  }

  async pause(owner: string): Promise<void> {
    const step = this.progress?.step ?? 0;
    await this.rows.jobEvents.append(
      this.id,
      { level: 'info', message: `The job was paused after step ${step}`, data: { step } },
      owner,
    );
    await this.rows.fineTuningJobs.pause(this.id, owner);
  }

  async ended(): Promise<boolean> {
    const { status } = await this.rows.fineTuningJobs.get(this.id);
    return isFinal(status) || status === 'paused';
  }
}
