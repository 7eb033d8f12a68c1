import { MultiSelect, SimpleGrid } from '@mantine/core';
import type { JobMetricObject, JobSummaryObject } from '@prad/contracts';
import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { metricsQuery } from '../../api/live-metrics.js';
import { hasEnded, jobQuery, recentTrainingsQuery } from '../../api/queries.js';
import { Curve } from '../../components/curve.js';
import type { Line } from '../../components/curve-options.js';
import { lineColor } from '../../components/line-colors.js';
import { Panel } from '../../components/panel.js';
import { Problem } from '../../components/problem.js';

const route = getRouteApi('/jobs/$id');
const MOST_JOBS = 6;

/** What is drawn of every job: one plot for each quantity. */
const plots = [
  { title: 'Loss', unit: 'nats', of: { train: 'train_loss', validation: 'valid_loss' } },
  { title: 'Learning rate', unit: '', of: { '': 'learning_rate' } },
  { title: 'Gradient norm', unit: '', of: { '': 'gradient_norm' } },
  { title: 'Speed', unit: 'tokens/s', of: { '': 'tokens_per_second' } },
  { title: 'Share of the MatMul rate (MFU)', unit: '', of: { '': 'mfu' } },
  { title: 'Padding', unit: 'of positions', of: { '': 'padding_waste' } },
] as const satisfies readonly {
  title: string;
  unit: string;
  of: Readonly<Record<string, keyof JobMetricObject>>;
}[];

interface DrawnJob {
  readonly id: string;
  readonly name: string;
  readonly points: readonly JobMetricObject[];
}

/** The curves of a job, with those of others laid over them. */
export function Curves({ jobId }: { readonly jobId: string }) {
  const { with: others = [] } = route.useSearch();
  const ids = useMemo(() => [jobId, ...others.filter((id) => id !== jobId)], [jobId, others]);
  const { jobs, error, retry } = useDrawnJobs(ids);
  return (
    <>
      <Compare jobId={jobId} chosen={ids.slice(1)} />
      {error !== null && <Problem title="The curves could not be read" error={error} retry={retry} />}
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
        {plots.map(({ title, unit, of }) => (
          <Panel key={title} title={title}>
            <Curve title={title} unit={unit} lines={linesOf(jobs, title, of)} />
          </Panel>
        ))}
      </SimpleGrid>
    </>
  );
}

function useDrawnJobs(ids: readonly string[]) {
  const client = useQueryClient();
  const jobs = useQueries({ queries: ids.map((id) => jobQuery(id)) });
  const metrics = useQueries({
    queries: ids.map((id, index) => {
      const status = jobs[index]?.data?.status;
      return metricsQuery(client, id, status === undefined || !hasEnded(status));
    }),
  });
  const names = ids.map((id, index) => jobs[index]?.data?.name ?? shortId(id));
  const drawn = ids.map((id, index): DrawnJob => {
    const name = names[index] ?? id;
    // Jobs of one name are told apart by the end of their ids.
    const isTaken = names.filter((other) => other === name).length > 1;
    return {
      id,
      name: isTaken ? `${name} (${id.slice(-4)})` : name,
      points: metrics[index]?.data?.points ?? [],
    };
  });
  const failed = metrics.find(({ error }) => error !== null);
  return { jobs: drawn, error: failed?.error ?? null, retry: () => void failed?.refetch() };
}

/** Lines are named by their job where there are several, else by what they show. */
function linesOf(
  jobs: readonly DrawnJob[],
  title: string,
  of: Readonly<Record<string, keyof JobMetricObject>>,
): Line[] {
  return jobs.flatMap(({ name, points }, index) =>
    Object.entries(of).map(([kind, quantity]): Line => {
      const shown = kind === '' ? title.toLowerCase() : kind;
      const label = jobs.length > 1 ? [name, kind].filter((part) => part !== '').join(', ') : shown;
      return {
        label,
        color: lineColor(index),
        dashed: kind === 'validation',
        points: points.flatMap((point) => {
          const value = point[quantity];
          return value === null ? [] : [[point.step, value] as const];
        }),
      };
    }),
  );
}

interface CompareProps {
  readonly jobId: string;
  readonly chosen: readonly string[];
}

function Compare({ jobId, chosen }: CompareProps) {
  const navigate = route.useNavigate();
  const { data: recent = [] } = useQuery(recentTrainingsQuery);
  const offered = recent.filter(({ id, progress }) => id !== jobId && progress !== null);
  const missing = chosen.filter((id) => !offered.some((job) => job.id === id));
  return (
    <MultiSelect
      label="Lay the curves of other jobs over these"
      placeholder={chosen.length === 0 ? 'None' : ''}
      maw={760}
      searchable
      clearable
      maxValues={MOST_JOBS - 1}
      data={[...offered.map(choiceOf), ...missing.map((id) => ({ value: id, label: id }))]}
      value={[...chosen]}
      onChange={(ids) => void navigate({ search: ids.length === 0 ? {} : { with: ids }, replace: true })}
    />
  );
}

function choiceOf({ id, name }: JobSummaryObject) {
  return { value: id, label: name === null ? id : `${name} (${shortId(id)})` };
}

/** Enough of an id to tell the jobs of a plot apart. */
function shortId(id: string): string {
  return id.slice(0, 12);
}
