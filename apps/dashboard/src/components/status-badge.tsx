import { Box } from '@mantine/core';
import type { JobStatus } from '@prad/contracts';
import classes from './status-badge.module.css';

type ShownStatus = JobStatus | 'cancelling';

const labels: Readonly<Record<ShownStatus, string>> = {
  validating_files: 'checking files',
  queued: 'queued',
  running: 'running',
  paused: 'paused',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  cancelling: 'cancelling',
};

export interface StatusBadgeProps {
  readonly status: ShownStatus;
  readonly cancelRequested?: boolean;
}

/** A job's state by a word and a colour. */
export function StatusBadge({ status, cancelRequested = false }: StatusBadgeProps) {
  const isEnding =
    status === 'cancelling' || (cancelRequested && (status === 'running' || status === 'queued'));
  return (
    <Box component="span" className={classes['badge']} data-status={isEnding ? 'cancelled' : status}>
      {labels[isEnding ? 'cancelling' : status]}
    </Box>
  );
}
