import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { JobSummaryRepository, type JobChange } from '@prad/database';
import { matchesJob, type JobFilter, type JobSummary } from '@prad/domain';
import { JobFollower } from './job-follower.js';

/** How late a follower may learn of a change. */
const POLL_MS = 500;
/** A change that is committed later than this after its stamp is missed. */
const OVERLAP_MS = 3_000;

/**
 * Changes of jobs from the rows: one poll serves all followers of this process, and none runs without a follower.
 * It needs no connection of its own and works through any pooler, and changes while the database was away come late
 * instead of never.
 */
@Injectable()
export class JobChangeFeed {
  private readonly logger = new Logger('JobChanges');
  private readonly followers = new Set<JobFollower>();
  /** Resolves when the polls have begun; undefined while there are none. */
  private begun: Promise<void> | undefined;
  /** The database's time of the last poll, and the revision of every job that it found. */
  private at = '';
  private seen: ReadonlyMap<string, string> = new Map();

  constructor(private readonly jobs: JobSummaryRepository) {}

  /**
   * Changes from now on of a project's jobs that pass the filter, until the signal is aborted. Resolves when no change from then
   * on can be missed.
   */
  async follow(project: string, filter: JobFilter, signal: AbortSignal): Promise<AsyncIterable<JobSummary>> {
    const follower = new JobFollower((job) => job.project === project && matchesJob(job, filter));
    const leave = () => {
      this.followers.delete(follower);
      follower.end();
    };
    this.followers.add(follower);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    try {
      await (this.begun ??= this.begin());
    } catch (error) {
      leave();
      this.begun = undefined;
      throw error;
    }
    return follower;
  }

  private async begin(): Promise<void> {
    await this.changes();
    void this.poll();
  }

  private async poll(): Promise<void> {
    while (this.followers.size > 0) {
      await sleep(POLL_MS, undefined, { ref: false });
      if (this.followers.size === 0) break;
      try {
        const changes = await this.changes();
        for (const { job } of changes) for (const follower of this.followers) follower.push(job);
      } catch (error) {
        this.logger.warn({ err: error }, 'changes of jobs could not be read; they are tried again');
      }
    }
    this.begun = undefined;
    this.at = '';
  }

  /** What has changed since the last call; the first call finds nothing new. */
  private async changes(): Promise<readonly JobChange[]> {
    const isFirst = this.at === '';
    const at = await this.jobs.clock();
    const found = await this.jobs.changedSince(isFirst ? at : this.at, OVERLAP_MS);
    const fresh = found.filter(({ job, revision }) => this.seen.get(job.id) !== revision);
    this.at = at;
    this.seen = new Map(found.map(({ job, revision }) => [job.id, revision]));
    return isFirst ? [] : fresh;
  }
}
