import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { FineTuningJobRepository, JobEventRepository } from '@prad/database';
import { isSettled, type JobEvent } from '@prad/domain';

/** How late a follower may learn of an event. */
const POLL_MS = 400;
const PAGE = 500;

/** A job's events as they are written, from the rows alone: a follower of any API process sees the same. */
@Injectable()
export class JobEventFeed {
  constructor(
    private readonly jobs: FineTuningJobRepository,
    private readonly events: JobEventRepository,
  ) {}

  /** Events after the sequence in their order, until the job and its gate have ended or the signal is aborted. */
  async *follow(jobId: string, afterSequence: number, signal: AbortSignal): AsyncGenerator<JobEvent, void> {
    let last = afterSequence;
    while (!signal.aborted) {
      // Read before the events: those of a job that has ended by now are all written.
      const job = await this.jobs.get(jobId);
      const page = await this.events.listAfter(jobId, last, PAGE);
      for (const event of page) {
        yield event;
        last = event.sequence;
      }
      if (page.length === PAGE) continue;
      if (isSettled(job)) return;
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
