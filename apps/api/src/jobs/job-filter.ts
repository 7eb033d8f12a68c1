import type { JobListQuery, JobStreamQuery } from '@prad/contracts';
import type { JobFilter } from '@prad/domain';

/** The filter that a query asks for. */
export function jobFilterOf(query: JobStreamQuery & Partial<Pick<JobListQuery, 'status'>>): JobFilter {
  const { kind, status, model, task, search, created_after, created_before } = query;
  return {
    ...{ kind, status, model, task, search },
    createdAfter: created_after === undefined ? undefined : new Date(created_after * 1000),
    createdBefore: created_before === undefined ? undefined : new Date(created_before * 1000),
  };
}
