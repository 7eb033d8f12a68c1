import { Button } from '@mantine/core';
import type { FineTuningJobObject } from '@prad/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { postJson } from '../api/http.js';
import { forgetJobs } from '../api/queries.js';
import { tellDone, tellFailed } from './tell.js';

/** Stops a training for now, or goes on with it. */
export function PauseJob({ job }: { readonly job: FineTuningJobObject }) {
  const client = useQueryClient();
  const isPaused = job.status === 'paused';
  const change = useMutation({
    mutationFn: () => postJson(`/v1/fine_tuning/jobs/${job.id}/${isPaused ? 'resume' : 'pause'}`),
    onSuccess: () => {
      tellDone(isPaused ? `${job.id} goes on.` : `${job.id} pauses at its next step.`);
      return forgetJobs(client);
    },
    onError: tellFailed(`${job.id} was not ${isPaused ? 'resumed' : 'paused'}`),
  });
  if (!isPaused && job.status !== 'running' && job.status !== 'queued') return null;
  return (
    <Button
      variant="default"
      loading={change.isPending}
      disabled={job.prad.pause_requested || job.prad.cancel_requested}
      onClick={() => {
        change.mutate();
      }}
    >
      {isPaused ? 'Resume' : 'Pause'}
    </Button>
  );
}
