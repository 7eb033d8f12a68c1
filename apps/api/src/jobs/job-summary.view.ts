import type { JobSummaryObject } from '@prad/contracts';
import type { JobSummary } from '@prad/domain';
import { toSeconds } from '../http/page.view.js';

export function toJobSummaryObject(job: JobSummary): JobSummaryObject {
  const { id, kind, status, name, model, adapter, task, tokens, progress, error } = job;
  return {
    ...{ id, object: 'job', kind, status, name, model, adapter, task },
    created_at: toSeconds(job.createdAt),
    started_at: job.startedAt === null ? null : toSeconds(job.startedAt),
    finished_at: job.finishedAt === null ? null : toSeconds(job.finishedAt),
    progress: progress === null ? null : { ...progress },
    tokens,
    cancel_requested: job.cancelRequested,
    error: error === null ? null : { code: error.code, message: error.message },
  };
}
