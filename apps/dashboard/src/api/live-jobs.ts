import type { JobListObject, JobSummaryObject } from '@prad/contracts';
import { useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useEffect } from 'react';
import { query } from './http.js';
import type { JobFilter } from './job-filter.js';
import { jobsQuery } from './queries.js';
import { followEvents } from './server-sent-events.js';

type Jobs = InfiniteData<JobListObject, string | undefined>;

/** Keeps the list of a filter as the API streams it: changed jobs in their place, new ones on top. */
export function useLiveJobs(filter: JobFilter): void {
  const client = useQueryClient();
  useEffect(() => {
    const leaving = new AbortController();
    const { queryKey } = jobsQuery(filter);
    // A job that leaves the status on show must be heard of, so the stream has no such filter.
    void followEvents(`/v1/jobs/stream${query({ ...filter, status: undefined })}`, {
      signal: leaving.signal,
      onData: (data) => {
        const job = JSON.parse(data) as JobSummaryObject;
        client.setQueryData<Jobs>(queryKey, (jobs) => jobs && withJob(jobs, job, filter.status));
      },
      onConnect: () => void client.invalidateQueries({ queryKey }),
    });
    return () => {
      leaving.abort();
    };
  }, [client, filter]);
}

/** The list with the job as it is now: in its place, on top where it is new, gone where it has left the status. */
export function withJob(jobs: Jobs, job: JobSummaryObject, status: string | undefined): Jobs {
  const isWanted = status === undefined || job.status === status;
  const isKnown = jobs.pages.some(({ data }) => data.some(({ id }) => id === job.id));
  if (isKnown) {
    const change = (known: JobSummaryObject) => (known.id !== job.id ? [known] : isWanted ? [job] : []);
    return { ...jobs, pages: jobs.pages.map((page) => ({ ...page, data: page.data.flatMap(change) })) };
  }
  const [first, ...others] = jobs.pages;
  if (!isWanted || first === undefined) return jobs;
  const place = first.data.findIndex(({ created_at }) => created_at <= job.created_at);
  // Older than all that is loaded: a later page will bring it.
  if (place === -1 && (first.has_more || others.length > 0)) return jobs;
  const at = place === -1 ? first.data.length : place;
  return { ...jobs, pages: [{ ...first, data: first.data.toSpliced(at, 0, job) }, ...others] };
}
