import type { AppError } from '@prad/errors';
import type { JobName, JobPayload, JobStreamEvent } from './catalogue.js';

/** What the host hands to a handler with each job. */
export interface JobContext<Name extends JobName> {
  /** 1 for the first try; a job that was handed back or whose worker died does not count a try. */
  readonly attempt: number;
  /** Aborted when the handler must stop at once: the worker is going down, or it has lost the job to another one. */
  readonly signal: AbortSignal;
  /**
   * Hands events to readers. It only buffers and never fails: the row is the record, and a reader that misses
   * events reads the row.
   */
  stream(...events: readonly JobStreamEvent<Name>[]): void;
}

/** Does the jobs of one name. */
export interface JobHandler<Name extends JobName> {
  readonly job: Name;
  /** Whether a job goes on where it was: then it is stopped at once when the worker goes down, and has the time to keep that. */
  readonly resumes?: boolean;
  /**
   * Returns when the job is done, which includes being cancelled. Throws an AppError: its kind decides whether the
   * job is tried again. Throws `Postponed` to have it back later.
   */
  handle(payload: JobPayload<Name>, context: JobContext<Name>): Promise<void>;
  /** Called once when the job will not be tried again, to write the reason to its row. Must be idempotent. */
  giveUp(payload: JobPayload<Name>, error: AppError): Promise<void>;
}

export type AnyJobHandler = { [Name in JobName]: JobHandler<Name> }[JobName];

/** Thrown by a handler that cannot work on the job now, for example because its lease is still held; costs no attempt. */
export class Postponed extends Error {
  constructor(readonly delayMs: number) {
    super(`postponed by ${delayMs} ms`);
    this.name = 'Postponed';
  }
}
