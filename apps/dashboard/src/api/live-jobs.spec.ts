import type { JobListObject, JobSummaryObject } from '@prad/contracts';
import type { InfiniteData } from '@tanstack/react-query';
import { describe, expect, it } from 'vitest';
import { withJob } from './live-jobs.js';

function job(
  id: string,
  created_at: number,
  status: JobSummaryObject['status'] = 'running',
): JobSummaryObject {
  return {
    ...{ id, object: 'job', kind: 'fine_tuning', status, name: null, model: 'm', adapter: null, task: null },
    ...{ created_at, started_at: null, finished_at: null, progress: null, tokens: null },
    ...{ cancel_requested: false, error: null },
  };
}

type Jobs = InfiniteData<JobListObject, string | undefined>;

function list(...pages: readonly JobSummaryObject[][]): Jobs {
  const page = (data: JobSummaryObject[], index: number): JobListObject => ({
    ...{ object: 'list', data, first_id: null, last_id: null, has_more: index < pages.length - 1 },
  });
  return { pages: pages.map(page), pageParams: pages.map(() => undefined) };
}

function ids(jobs: Jobs): string[][] {
  return jobs.pages.map(({ data }) => data.map(({ id }) => id));
}

describe('withJob', () => {
  const jobs = list([job('d', 4), job('c', 3)], [job('b', 2), job('a', 1)]);

  it('changes a job in its place, on whatever page', () => {
    const changed = withJob(jobs, job('b', 2, 'succeeded'), undefined);
    expect(ids(changed)).toEqual(ids(jobs));
    expect(changed.pages[1]?.data[0]?.status).toBe('succeeded');
  });

  it('puts a new job on top', () => {
    expect(ids(withJob(jobs, job('e', 5), undefined))).toEqual([
      ['e', 'd', 'c'],
      ['b', 'a'],
    ]);
  });

  it('leaves a job that is older than the loaded ones to its page', () => {
    expect(withJob(list([job('d', 4)], [job('c', 3)]), job('0', 0), undefined).pages[0]?.data).toHaveLength(
      1,
    );
  });

  it('shows only jobs of the wanted state: those that leave it go, those that enter it come', () => {
    expect(ids(withJob(jobs, job('c', 3, 'failed'), 'running'))).toEqual([['d'], ['b', 'a']]);
    expect(withJob(jobs, job('e', 5, 'queued'), 'running')).toBe(jobs);
    expect(ids(withJob(jobs, job('e', 5), 'running'))[0]).toEqual(['e', 'd', 'c']);
  });

  it('fills an empty list', () => {
    expect(ids(withJob(list([]), job('a', 1), undefined))).toEqual([['a']]);
  });
});
