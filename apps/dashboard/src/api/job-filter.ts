import { jobKinds, type JobStatus, type JobSummaryObject } from '@prad/contracts';

/** Which jobs the list shows, under the API's names of its query. */
export interface JobFilter {
  readonly search?: string;
  readonly kind?: JobSummaryObject['kind'];
  readonly status?: JobStatus;
  readonly model?: string;
  readonly task?: string;
  /** Seconds since 1970. */
  readonly created_after?: number;
}

export const jobStatuses: readonly JobStatus[] = [
  'validating_files',
  'queued',
  'running',
  'paused',
  'succeeded',
  'failed',
  'cancelled',
];

/** Reads the filter from an address; what is not understood is left out. */
export function jobFilterOf(search: Readonly<Record<string, unknown>>): JobFilter {
  const kind = jobKinds.find((known) => known === search['kind']);
  const status = jobStatuses.find((known) => known === search['status']);
  const after = search['created_after'];
  return {
    ...textOf(search, 'search'),
    ...textOf(search, 'model'),
    ...textOf(search, 'task'),
    ...(kind === undefined ? {} : { kind }),
    ...(status === undefined ? {} : { status }),
    ...(typeof after === 'number' && Number.isInteger(after) && after >= 0 ? { created_after: after } : {}),
  };
}

function textOf(search: Readonly<Record<string, unknown>>, name: 'search' | 'model' | 'task'): JobFilter {
  const value = search[name];
  // An address reads digits as a number.
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text !== '' ? { [name]: text } : {};
}
