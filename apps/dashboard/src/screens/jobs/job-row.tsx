import { Text } from '@mantine/core';
import type { JobSummaryObject } from '@prad/contracts';
import { CancelJob } from '../../components/cancel-job.js';
import { JobLink } from '../../components/links.js';
import { RelativeTime } from '../../components/relative-time.js';
import { StatusBadge } from '../../components/status-badge.js';
import { StepProgress } from '../../components/step-progress.js';
import { useNow } from '../../components/use-now.js';
import { NONE, seconds, shortCount } from '../../format/numbers.js';
import classes from './job-table.module.css';

export interface JobRowProps {
  readonly job: JobSummaryObject;
  /** Place in the whole table, counted from 1 with the head. */
  readonly position: number;
  readonly onOpen: () => void;
}

const kinds = { fine_tuning: 'fine-tuning', inference: 'inference' };

/** One job. A click anywhere opens it; by keyboard its id does. */
export function JobRow({ job, position, onOpen }: JobRowProps) {
  const about = [kinds[job.kind], job.name, job.task].filter((part) => part !== null).join(' · ');
  return (
    <tr
      className={classes['row']}
      aria-rowindex={position}
      onClick={({ target }) => {
        // Links and buttons of the row do their own work, also those that it shows elsewhere on the page.
        if (target instanceof Element && target.closest('tr') && !target.closest('a, button')) onOpen();
      }}
    >
      <td>
        <StatusBadge status={job.status} cancelRequested={job.cancel_requested} />
      </td>
      <td>
        <JobLink id={job.id} />
        <Text size="xs" c="dimmed" truncate>
          {about}
        </Text>
      </td>
      <td>
        <Text size="sm" truncate title={job.adapter ?? job.model}>
          {job.adapter ?? job.model}
        </Text>
        <Text size="xs" c="dimmed" truncate>
          {job.adapter === null ? 'base model' : `on ${job.model}`}
        </Text>
      </td>
      <td>{job.progress === null ? NONE : <StepProgress progress={job.progress} of={job.id} />}</td>
      <td data-number>{job.tokens === null ? NONE : shortCount(job.tokens)}</td>
      <td>
        <RelativeTime at={job.created_at} />
      </td>
      <td data-number>
        <Duration job={job} />
      </td>
      <td>
        <CancelJob job={job} size="compact-xs" />
      </td>
    </tr>
  );
}

function Duration({ job: { started_at, finished_at } }: Pick<JobRowProps, 'job'>) {
  const now = useNow();
  return started_at === null ? NONE : seconds((finished_at ?? now) - started_at);
}
