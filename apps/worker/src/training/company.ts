import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { FineTuningJob } from '@prad/domain';
import type { Seat } from '../compute/open-packs.js';
import { SPLIT_WARNING } from './attempts.js';
import { settingsOf } from './training-plan.js';

/** Small jobs gain from company; with this many rows a pass is as fast a row as it gets. */
export const MOST_MEMBERS = 8;
const MOST_ROWS = 64;

/** Whether the job may train in one pass with others: it asks for that, and memory has not run out. */
export function isPackable(job: FineTuningJob): boolean {
  return settingsOf(job).pack === true && !job.warnings.includes(SPLIT_WARNING);
}

/** Those of the candidates that fit into one pass with the job, in their order. */
export function companionsOf(job: FineTuningJob, candidates: readonly FineTuningJob[]): FineTuningJob[] {
  let rows = rowsOf(job);
  return candidates
    .filter((other) => isPackable(other) && fits(job, other))
    .filter((other) => {
      if (rows + rowsOf(other) > MOST_ROWS) return false;
      rows += rowsOf(other);
      return true;
    })
    .slice(0, MOST_MEMBERS - 1);
}

/** Rows of a pass. */
function rowsOf(job: FineTuningJob): number {
  const { batchSize, gradientAccumulationSteps: passes = 1 } = settingsOf(job);
  return Math.ceil(batchSize / passes);
}

/** Whether one graph computes both: positions, data, seeds and the way to learn are its inputs, all else is its own. */
function fits(job: FineTuningJob, other: FineTuningJob): boolean {
  const smoothingOf = (of: FineTuningJob): number => settingsOf(of).labelSmoothing ?? 0;
  return (
    smoothingOf(job) === smoothingOf(other) && isDeepStrictEqual(job.method.options, other.method.options)
  );
}

/** Jobs that train in one pass with the one that asked for them. */
export interface Company {
  /** Undefined without companions. */
  readonly seat: Seat | undefined;
  /** Resolves when the last of them has ended. */
  readonly ended: Promise<unknown>;
}

/**
 * Takes up the companions. `run` claims a job and, once it has it, awaits its seat, which it gets when it is known of every
 * companion whether it was claimed. How a companion ends is its own row's and ticket's business.
 */
export async function gather(
  companions: readonly FineTuningJob[],
  run: (job: FineTuningJob, seat: () => Promise<Seat>) => Promise<void>,
): Promise<Company> {
  const waiting: ((seat: Seat) => void)[] = [];
  const endings: Promise<unknown>[] = [];
  const claims = companions.map(
    (job) =>
      new Promise<void>((settled) => {
        const seat = (): Promise<Seat> =>
          new Promise((take) => {
            waiting.push(take);
            settled();
          });
        endings.push(
          run(job, seat)
            .catch(() => undefined)
            .finally(settled),
        );
      }),
  );
  await Promise.all(claims);
  const [pack, size] = [randomUUID(), waiting.length + 1];
  waiting.forEach((take, index) => {
    take({ pack, size, member: index + 1 });
  });
  return { seat: size > 1 ? { pack, size, member: 0 } : undefined, ended: Promise.all(endings) };
}
