import { Text } from '@mantine/core';
import { Command } from '../../components/command.js';
import { Empty } from '../../components/empty.js';
import { ScreenLink } from '../../components/links.js';
import { curl } from '../../format/curl.js';

/** There is no job, or none that the filters let through. */
export function NoJobs({ isFiltered }: { readonly isFiltered: boolean }) {
  if (isFiltered) {
    return (
      <Empty title="No job matches these filters">
        <Text size="sm">
          <ScreenLink to="/jobs" search={{}}>
            Show all jobs
          </ScreenLink>
        </Text>
      </Empty>
    );
  }
  return (
    <Empty title="There is no job yet">
      <Text size="sm">
        <ScreenLink to="/datasets" underline="always">
          Upload a training file
        </ScreenLink>
        , then{' '}
        <ScreenLink to="/new-job" underline="always">
          submit a fine-tuning job
        </ScreenLink>
        , or do so from a shell:
      </Text>
      <Command label="Submit a fine-tuning job">
        {curl('/v1/fine_tuning/jobs', { model: 'prad-tiny', training_file: 'file-...', suffix: 'reviews' })}
      </Command>
    </Empty>
  );
}
