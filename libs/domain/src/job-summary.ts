import type { Failure } from './failure.js';
import type { FineTuningStatus, Progress } from './fine-tuning-job.js';

export const jobKinds = ['fine_tuning', 'inference'] as const;
export type JobKind = (typeof jobKinds)[number];

/** What fine-tuning and inference jobs have in common, for lists of both. */
export interface JobSummary {
  readonly id: string;
  readonly project: string;
  readonly kind: JobKind;
  /** Those of inference jobs are among those of fine-tuning jobs. */
  readonly status: FineTuningStatus;
  /** Suffix of a fine-tuning job. */
  readonly name: string | null;
  /** Id of the base model. */
  readonly model: string;
  /** The adapter that a fine-tuning made or that a request asked for. */
  readonly adapter: string | null;
  /** A request's task is that of its adapter. */
  readonly task: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly progress: Progress | null;
  /** Tokens of a succeeded job: trained ones, or those of prompt and answer. */
  readonly tokens: number | null;
  readonly cancelRequested: boolean;
  readonly error: Failure | null;
}

/** Which jobs; what is absent narrows nothing. */
export interface JobFilter {
  readonly kind?: JobKind | undefined;
  readonly status?: FineTuningStatus | undefined;
  readonly model?: string | undefined;
  readonly task?: string | undefined;
  /** Part of the id, the name or the adapter's name, in any case. */
  readonly search?: string | undefined;
  /** Inclusive. */
  readonly createdAfter?: Date | undefined;
  /** Exclusive. */
  readonly createdBefore?: Date | undefined;
}

/** Whether the filter lets the job through; the same rule as that of the list's query. */
export function matchesJob(job: JobSummary, filter: JobFilter): boolean {
  const { kind, status, model, task, search, createdAfter, createdBefore } = filter;
  return (
    (kind === undefined || job.kind === kind) &&
    (status === undefined || job.status === status) &&
    (model === undefined || job.model === model) &&
    (task === undefined || job.task === task) &&
    (search === undefined || isFoundBy(job, search.toLowerCase())) &&
    (createdAfter === undefined || job.createdAt >= createdAfter) &&
    (createdBefore === undefined || job.createdAt < createdBefore)
  );
}

function isFoundBy({ id, name, adapter }: JobSummary, search: string): boolean {
  return [id, name, adapter].some((text) => text?.toLowerCase().includes(search) === true);
}
