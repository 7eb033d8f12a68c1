import type { FineTuningEventObject, FineTuningJobObject } from '@prad/contracts';
import { AppError } from '@prad/errors';
import type { ApiClient } from '../api/api-client.js';
import { jobUpdates } from '../api/event-updates.js';
import { afterEvent, notStarted, type TrainingView } from './training-view.js';

/** What a followed training ended with. */
export interface FollowedJob {
  readonly job: FineTuningJobObject;
  readonly view: TrainingView;
}

/**
 * Shows a job's events until it has ended; undefined when the signal was aborted before.
 * Throws the reason of a job that failed or was cancelled.
 */
export async function followJob(
  client: ApiClient,
  jobId: string,
  show: (view: TrainingView, event: FineTuningEventObject) => void,
  signal?: AbortSignal,
): Promise<FollowedJob | undefined> {
  let view = notStarted;
  for await (const event of jobUpdates(client, jobId, signal)) {
    view = afterEvent(view, event);
    show(view, event);
  }
  if (signal?.aborted === true) return undefined;
  const job = await client.job(jobId);
  if (job.status === 'succeeded') return { job, view };
  throw new AppError({
    kind: 'conflict',
    code: job.error?.code ?? 'job_ended',
    message: `job ${jobId} ${job.status === 'failed' ? `failed: ${job.error?.message ?? ''}` : 'was cancelled'}`,
  });
}
