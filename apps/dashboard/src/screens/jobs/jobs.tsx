import { Group, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useLiveJobs } from '../../api/live-jobs.js';
import { jobFilterOf } from '../../api/job-filter.js';
import { jobsQuery } from '../../api/queries.js';
import { ButtonLink } from '../../components/links.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { count } from '../../format/numbers.js';
import { JobFilters } from './job-filters.js';
import { JobTable } from './job-table.js';
import { NoJobs } from './no-jobs.js';

const route = getRouteApi('/jobs');

/** All jobs of both kinds, the newest first, as they change. */
export function Jobs() {
  const search = route.useSearch();
  const key = JSON.stringify(search);
  // The filter is one object for as long as it says the same, for the live stream hangs on it.
  const filter = useMemo(() => jobFilterOf(JSON.parse(key) as Record<string, unknown>), [key]);
  const navigate = route.useNavigate();
  const jobs = useInfiniteQuery(jobsQuery(filter));
  useLiveJobs(filter);
  const rows = useMemo(() => jobs.data?.pages.flatMap(({ data }) => data) ?? [], [jobs.data]);
  return (
    <Page
      title="Jobs"
      description="Fine-tuning jobs and inference requests, the newest first. Changes appear as they happen."
      actions={
        <ButtonLink to="/new-job" leftSection={<IconPlus size={16} aria-hidden />}>
          New fine-tuning job
        </ButtonLink>
      }
    >
      <Group justify="space-between" align="flex-end" gap="sm">
        <JobFilters
          filter={filter}
          onChange={(changed) => void navigate({ search: changed, replace: true })}
        />
        <Text size="sm" c="dimmed" role="status" data-numbers>
          {jobs.data !== undefined && `${count(rows.length)}${jobs.hasNextPage ? '+' : ''} jobs`}
        </Text>
      </Group>
      <Loaded of={jobs} what="The jobs" height={560}>
        {() =>
          rows.length === 0 ? (
            <NoJobs isFiltered={Object.keys(filter).length > 0} />
          ) : (
            <JobTable
              jobs={rows}
              hasMore={jobs.hasNextPage}
              isLoadingMore={jobs.isFetchingNextPage}
              loadMore={() => void jobs.fetchNextPage()}
            />
          )
        }
      </Loaded>
    </Page>
  );
}
