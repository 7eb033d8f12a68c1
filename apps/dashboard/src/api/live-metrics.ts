import type { JobMetricObject } from '@prad/contracts';
import { queryOptions, type QueryClient } from '@tanstack/react-query';
import { getJson, query } from './http.js';

/** The curve of a job as far as it is known, by steps. */
export interface JobCurve {
  readonly points: readonly JobMetricObject[];
  /** Where the next question goes on. */
  readonly sequence: number;
}

const LIVE_MS = 1_000;
const nothing: JobCurve = { points: [], sequence: 0 };

/**
 * A job's measurements. While it runs, only what is new is asked for; its end is a question of its own, for the last
 * points may have been written after the last answer.
 */
export function metricsQuery(client: QueryClient, jobId: string, isRunning: boolean) {
  const whileRunning = ['metrics', jobId, 'running'];
  const queryKey = isRunning ? whileRunning : ['metrics', jobId, 'ended'];
  const knownCurve = () =>
    client.getQueryData<JobCurve>(queryKey) ?? client.getQueryData<JobCurve>(whileRunning);
  return queryOptions<JobCurve>({
    queryKey,
    queryFn: async ({ signal }) => {
      const known = knownCurve() ?? nothing;
      const path = `/v1/fine_tuning/jobs/${jobId}/metrics${query({ after: known.sequence })}`;
      const { data } = await getJson<{ data: JobMetricObject[] }>(path, signal);
      return withPoints(known, data);
    },
    placeholderData: knownCurve,
    refetchInterval: isRunning ? LIVE_MS : false,
  });
}

/** A step that was written again takes the place of what was known of it. */
export function withPoints(known: JobCurve, points: readonly JobMetricObject[]): JobCurve {
  if (points.length === 0) return known;
  const bySteps = new Map(known.points.map((point) => [point.step, point]));
  for (const point of points) bySteps.set(point.step, point);
  return {
    points: [...bySteps.values()].sort((a, b) => a.step - b.step),
    sequence: Math.max(known.sequence, ...points.map(({ sequence }) => sequence)),
  };
}
