import type {
  AdapterObject,
  EvaluationObject,
  FileObject,
  FilePreviewObject,
  FineTuningCheckpointObject,
  FineTuningEstimateObject,
  FineTuningJobObject,
  FineTuningSweepObject,
  JobListObject,
  JobSummaryObject,
  ModelObject,
  OverviewObject,
  TaskObject,
  WorkerObject,
} from '@prad/contracts';
import { infiniteQueryOptions, queryOptions, type QueryClient } from '@tanstack/react-query';
import { getJson, postJson, query } from './http.js';
import type { JobFilter } from './job-filter.js';

interface Page<Item> {
  readonly data: readonly Item[];
  readonly last_id: string | null;
  readonly has_more: boolean;
}

/** How often what has no stream of its own is read again while it is looked at. */
const LIVE_MS = 2_000;
const PAGE_SIZE = 100;

export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: ({ signal }) => getJson<OverviewObject>('/v1/overview', signal),
  refetchInterval: LIVE_MS,
});

export const workersQuery = queryOptions({
  queryKey: ['workers'],
  queryFn: async ({ signal }) => (await getJson<{ data: WorkerObject[] }>('/v1/workers', signal)).data,
  refetchInterval: LIVE_MS,
});

/** Bases and adapters by the names that requests use. */
export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: async ({ signal }) => (await getJson<{ data: ModelObject[] }>('/v1/models', signal)).data,
  refetchInterval: 10_000,
});

export const adaptersQuery = infiniteQueryOptions({
  ...pages<AdapterObject>('/v1/adapters'),
  queryKey: ['adapters'],
  refetchInterval: 10_000,
});

/** Sweeps with their leaderboards, the newest first. */
export const sweepsQuery = infiniteQueryOptions({
  ...pages<FineTuningSweepObject>('/v1/fine_tuning/sweeps'),
  queryKey: ['fine-tuning', 'sweeps'],
  refetchInterval: LIVE_MS,
});

/** Built-in tasks and the project's own. */
export const tasksQuery = queryOptions({
  queryKey: ['tasks'],
  queryFn: async ({ signal }) => (await getJson<{ data: TaskObject[] }>('/v1/tasks', signal)).data,
});

export const evaluationsQuery = infiniteQueryOptions({
  ...pages<EvaluationObject>('/v1/evaluations'),
  queryKey: ['evaluations'],
  refetchInterval: LIVE_MS,
});

export function evaluationQuery(id: string) {
  return queryOptions({
    queryKey: ['evaluations', id],
    queryFn: ({ signal }) => getJson<EvaluationObject>(`/v1/evaluations/${id}`, signal),
    refetchInterval: ({ state }) =>
      state.data !== undefined && hasEnded(state.data.status) ? false : LIVE_MS,
  });
}

export const filesQuery = infiniteQueryOptions({ ...pages<FileObject>('/v1/files'), queryKey: ['files'] });

export function fileQuery(id: string) {
  return queryOptions({
    queryKey: ['files', id],
    queryFn: ({ signal }) => getJson<FileObject>(`/v1/files/${id}`, signal),
  });
}

/** First rows of a file; lengths in tokens where a model is named. Files never change. */
export function previewQuery(id: string, model: string | undefined, rows: number) {
  return queryOptions({
    queryKey: ['files', id, 'preview', model, rows],
    queryFn: ({ signal }) =>
      getJson<FilePreviewObject>(`/v1/files/${id}/preview${query({ model, rows })}`, signal),
    staleTime: Infinity,
  });
}

/** What a job with this request would take; its speed comes from jobs, which go on ending. */
export function estimateQuery(request: object) {
  return queryOptions({
    queryKey: ['estimate', request],
    queryFn: () => postJson<FineTuningEstimateObject>('/v1/fine_tuning/estimate', request),
    staleTime: 60_000,
    retry: false,
  });
}

export function jobsQuery(filter: JobFilter) {
  return infiniteQueryOptions({
    queryKey: ['jobs', 'list', filter],
    queryFn: ({ pageParam, signal }) =>
      getJson<JobListObject>(`/v1/jobs${query({ ...filter, after: pageParam, limit: PAGE_SIZE })}`, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextPage,
  });
}

export function jobQuery(id: string) {
  return queryOptions({
    queryKey: ['jobs', id],
    queryFn: ({ signal }) => getJson<JobSummaryObject>(`/v1/jobs/${id}`, signal),
    refetchInterval: ({ state }) =>
      state.data !== undefined && hasEnded(state.data.status) ? false : LIVE_MS,
  });
}

export function fineTuningJobQuery(id: string) {
  return queryOptions({
    queryKey: ['fine-tuning', id],
    queryFn: ({ signal }) => getJson<FineTuningJobObject>(`/v1/fine_tuning/jobs/${id}`, signal),
    refetchInterval: ({ state }) =>
      state.data !== undefined && hasEnded(state.data.status) ? false : LIVE_MS,
  });
}

/** The newest fine-tuning jobs, for a choice of what to compare. */
export const recentTrainingsQuery = queryOptions({
  queryKey: ['jobs', 'trainings'],
  queryFn: async ({ signal }) =>
    (await getJson<JobListObject>(`/v1/jobs${query({ kind: 'fine_tuning', limit: PAGE_SIZE })}`, signal))
      .data,
});

export function checkpointsQuery(id: string, isRunning: boolean) {
  return queryOptions({
    queryKey: ['fine-tuning', id, 'checkpoints'],
    queryFn: async ({ signal }) => {
      const path = `/v1/fine_tuning/jobs/${id}/checkpoints?limit=${PAGE_SIZE}`;
      return (await getJson<Page<FineTuningCheckpointObject>>(path, signal)).data;
    },
    refetchInterval: isRunning ? LIVE_MS : false,
  });
}

export function hasEnded(status: string): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled';
}

/** After a change of jobs or what they made: everything that may show it is read again. */
export async function forgetJobs(client: QueryClient): Promise<void> {
  const keys = ['jobs', 'fine-tuning', 'overview', 'adapters', 'models'];
  await Promise.all(keys.map((key) => client.invalidateQueries({ queryKey: [key] })));
}

function pages<Item>(path: string) {
  return {
    queryFn: ({ pageParam, signal }: { pageParam: string | undefined; signal: AbortSignal }) =>
      getJson<Page<Item>>(`${path}${query({ after: pageParam, limit: PAGE_SIZE })}`, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextPage,
  };
}

function nextPage(page: { readonly last_id: string | null; readonly has_more: boolean }): string | undefined {
  return page.has_more ? (page.last_id ?? undefined) : undefined;
}
