import type { FineTuningJob } from './fine-tuning-job.js';
import { isFinal } from './job-status.js';

/** The lists that a sweep crosses with each other; a list that is absent leaves the job's own value. */
export interface SweepLists {
  readonly learningRate?: readonly number[] | undefined;
  readonly rank?: readonly number[] | undefined;
  readonly seed?: readonly number[] | undefined;
}

/** One of each list. */
export interface SweepPoint {
  readonly learningRate?: number;
  readonly rank?: number;
  readonly seed?: number;
}

export const MAX_SWEEP_RUNS = 64;

/** One job of a sweep. */
export interface SweepRun {
  readonly job: FineTuningJob;
  /** Lowest validation loss so far, in nats; null before the first. */
  readonly validLoss: number | null;
}

export type SweepStatus = 'running' | 'succeeded' | 'failed' | 'cancelled';

/** Jobs that differ in the lists' values alone, of which the best by validation loss is the result. */
export interface Sweep {
  readonly id: string;
  readonly project: string;
  readonly model: string;
  readonly trainingFile: string;
  readonly validationFile: string;
  readonly suffix: string | null;
  readonly lists: SweepLists;
  readonly status: SweepStatus;
  readonly cancelRequested: boolean;
  /** Id of the best job; null before the end, or where none succeeded. */
  readonly bestJob: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

export type NewSweep = Pick<
  Sweep,
  'id' | 'project' | 'model' | 'trainingFile' | 'validationFile' | 'suffix' | 'lists'
>;

/** Every combination of the lists' values, the last list running fastest. */
export function sweepPoints({ learningRate, rank, seed }: SweepLists): readonly SweepPoint[] {
  const crossed = (
    points: readonly SweepPoint[],
    name: keyof SweepPoint,
    values: readonly number[] | undefined,
  ) => (values ? points.flatMap((point) => values.map((value) => ({ ...point, [name]: value }))) : points);
  return crossed(crossed(crossed([{}], 'learningRate', learningRate), 'rank', rank), 'seed', seed);
}

/** The lowest validation loss first; runs without one come last, in the order of their start. */
export function leaderboard(runs: readonly SweepRun[]): readonly SweepRun[] {
  const loss = ({ validLoss }: SweepRun): number => validLoss ?? Infinity;
  // Infinity minus itself is no number.
  return runs.toSorted((a, b) => (loss(a) === loss(b) ? 0 : loss(a) - loss(b)));
}

/** How a sweep ends once all its runs have; undefined while one has not. A run that failed costs no more than itself. */
export function settledSweep(
  cancelRequested: boolean,
  runs: readonly SweepRun[],
): { readonly status: Exclude<SweepStatus, 'running'>; readonly bestJob: string | null } | undefined {
  if (runs.some(({ job }) => !isFinal(job.status))) return undefined;
  const succeeded = runs.filter(({ job }) => job.status === 'succeeded');
  const bestJob = leaderboard(succeeded)[0]?.job.id ?? null;
  if (cancelRequested) return { status: 'cancelled', bestJob };
  if (bestJob !== null) return { status: 'succeeded', bestJob };
  return { status: runs.every(({ job }) => job.status === 'cancelled') ? 'cancelled' : 'failed', bestJob };
}
