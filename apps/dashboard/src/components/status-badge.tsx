import { Box } from '@mantine/core';
import type { JobStatus } from '@prad/contracts';
import classes from './status-badge.module.css';

const labels: Readonly<Record<JobStatus, string>> = {
  validating_files: 'checking files',
  queued: 'queued',
  running: 'running',
  paused: 'paused',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
};

export interface StatusBadgeProps {
  readonly status: JobStatus;
  readonly cancelRequested?: boolean;
}

/** A job's state by a word and a colour. */
export function StatusBadge({ status, cancelRequested = false }: StatusBadgeProps) {
  const isEnding = cancelRequested && (status === 'running' || status === 'queued');
  return (
    <Box component="span" className={classes['badge']} data-status={isEnding ? 'cancelled' : status}>
      {isEnding ? 'cancelling' : labels[status]}
    </Box>
  );
}
