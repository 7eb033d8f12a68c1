import { Group, Stack, Text } from '@mantine/core';
import type { JobSummaryObject } from '@prad/contracts';
import { JobLink, ScreenLink } from '../../components/links.js';
import { Panel } from '../../components/panel.js';
import { StatusBadge } from '../../components/status-badge.js';
import { StepProgress } from '../../components/step-progress.js';

/** Fine-tuning jobs under way. */
export function RunningJobs({ jobs }: { readonly jobs: readonly JobSummaryObject[] }) {
  return (
    <Panel
      title="Running fine-tuning jobs"
      aside={
        <ScreenLink to="/jobs" search={{ kind: 'fine_tuning' }} size="sm">
          All fine-tuning jobs
        </ScreenLink>
      }
    >
      {jobs.length === 0 ? (
        <Text size="sm" c="dimmed">
          None is running.{' '}
          <ScreenLink to="/new-job" underline="always">
            Submit one
          </ScreenLink>
        </Text>
      ) : (
        <Stack gap="md">
          {jobs.map((job) => (
            <RunningJob key={job.id} job={job} />
          ))}
        </Stack>
      )}
    </Panel>
  );
}

function RunningJob({ job }: { readonly job: JobSummaryObject }) {
  return (
    <Group justify="space-between" wrap="nowrap" gap="md">
      <Stack gap={2} miw={0}>
        <JobLink id={job.id} />
        <Text size="xs" c="dimmed" truncate>
          {job.name === null ? job.model : `${job.name} on ${job.model}`}
        </Text>
      </Stack>
      {job.progress === null ? (
        <StatusBadge status={job.status} cancelRequested={job.cancel_requested} />
      ) : (
        <StepProgress progress={job.progress} of={job.id} />
      )}
    </Group>
  );
}
