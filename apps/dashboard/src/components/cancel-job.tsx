import type { JobSummaryObject } from '@prad/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { postJson } from '../api/http.js';
import { forgetJobs, hasEnded } from '../api/queries.js';
import { ConfirmButton } from './confirm-button.js';
import { tellDone, tellFailed } from './tell.js';

export interface CancelJobProps {
  readonly job: Pick<JobSummaryObject, 'id' | 'status' | 'cancel_requested'>;
  readonly size?: 'xs' | 'compact-xs' | 'sm';
}

/** Ends a job that has not ended. */
export function CancelJob({ job, size = 'sm' }: CancelJobProps) {
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => postJson(`/v1/jobs/${job.id}/cancel`),
    onSuccess: () => {
      tellDone(`${job.id} will end at its next step.`);
      return forgetJobs(client);
    },
    onError: tellFailed(`${job.id} was not cancelled`),
  });
  if (hasEnded(job.status)) return null;
  return (
    <ConfirmButton
      label="Cancel"
      of={job.id}
      size={size}
      loading={cancel.isPending}
      disabled={job.cancel_requested}
      question={`${job.id} stops at its next step and makes no adapter or answer.`}
      confirm="Cancel this job"
      onConfirm={() => {
        cancel.mutate();
      }}
    />
  );
}
