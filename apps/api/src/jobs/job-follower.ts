import type { JobSummary } from '@prad/domain';

/** Jobs that may wait for a client that reads slowly; one that is further behind is ended and reads the list anew. */
const MOST_WAITING = 10_000;

/** One reader of changes. While it is busy a job that changes again waits once, in its latest state. */
export class JobFollower implements AsyncIterable<JobSummary> {
  private readonly waiting = new Map<string, JobSummary>();
  private ended = false;
  private wake: () => void = () => undefined;

  constructor(private readonly matches: (job: JobSummary) => boolean) {}

  push(job: JobSummary): void {
    if (this.ended || !this.matches(job)) return;
    this.waiting.delete(job.id);
    this.waiting.set(job.id, job);
    if (this.waiting.size > MOST_WAITING) this.end();
    else this.wake();
  }

  end(): void {
    this.ended = true;
    this.waiting.clear();
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<JobSummary, void> {
    while (!this.ended) {
      for (const [id, job] of this.waiting) {
        this.waiting.delete(id);
        yield job;
      }
      if (this.waiting.size > 0 || this.isOver()) continue;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** As a call, for while the reader had the turn this may have changed. */
  private isOver(): boolean {
    return this.ended;
  }
}
