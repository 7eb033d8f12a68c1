import type { SweepRepository } from '@prad/database';
import type { JobHandler, JobPayload } from '@prad/queue';

/** Ends a sweep whose runs have ended; what it leaves because it came too early is found again by `QueueUpkeep`. */
export class SweepHandler implements JobHandler<'sweep'> {
  readonly job = 'sweep';

  constructor(private readonly sweeps: Pick<SweepRepository, 'settle'>) {}

  async handle({ sweepId }: JobPayload<'sweep'>): Promise<void> {
    await this.sweeps.settle(sweepId);
  }

  /** The rows are as they were, so a later try can do it. */
  giveUp(): Promise<void> {
    return Promise.resolve();
  }
}
