import { Group } from '@mantine/core';
import type { JobSummaryObject } from '@prad/contracts';
import { StatusBadge } from '../../components/status-badge.js';

/** A job's name, or its id where it has none, with its state. */
export function JobHeading({ job }: { readonly job: JobSummaryObject }) {
  return (
    <Group gap="sm" align="center">
      {job.name ?? job.id}
      <StatusBadge status={job.status} cancelRequested={job.cancel_requested} />
    </Group>
  );
}
