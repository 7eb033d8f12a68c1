import type { FineTuningJob } from '@prad/domain';
import { AppError } from '@prad/errors';
import { settingsOf } from './training-plan.js';

/** A job whose workers died so often most likely kills them. */
const MAX_ATTEMPTS = 5;

/** Throws conflict `worker_died_too_often` for such a job. Only deaths count: a job that is handed back loses no attempt. */
export function refuseDeadly({ id, attempts }: FineTuningJob): void {
  if (attempts <= MAX_ATTEMPTS) return;
  throw new AppError({
    kind: 'conflict',
    code: 'worker_died_too_often',
    message: `job ${id} was taken up ${MAX_ATTEMPTS} times and each time its worker died: it is not tried again`,
  });
}

/** What a job whose batches were split tells its submitter, and by which it is known. */
export const SPLIT_WARNING =
  'the worker ran out of memory: each batch is computed in twice as many passes, which changes no more than rounding';

export function isOutOfMemory(error: unknown): boolean {
  return error instanceof AppError && error.code === 'out_of_memory';
}

/**
 * Into how many passes the batches of a job are cut that ran out of memory: twice as many, once. Undefined where that was
 * done already or where there is nothing to cut.
 */
export function morePasses(job: FineTuningJob): number | undefined {
  const { batchSize, gradientAccumulationSteps: passes = 1 } = settingsOf(job);
  return job.warnings.includes(SPLIT_WARNING) || 2 * passes > batchSize ? undefined : 2 * passes;
}

/** A disk on which nobody makes room for so long is not waited for any more: a night and the day after it. */
const LONGEST_STALL_MS = 24 * 3_600_000;
const LONGEST_PAUSE_MS = 60_000;
const SHORTEST_PAUSE_MS = 1_000;

export function isDiskFull(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'disk_full';
}

/** After how many milliseconds a job looks again whether there is room: the longer it waited, the later. Undefined for never. */
export function pauseAfterStall(stalledMs: number): number | undefined {
  if (stalledMs > LONGEST_STALL_MS) return undefined;
  return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, stalledMs / 2));
}

/** Rethrows. What is exhausted (memory) ends the job: to train all of it again would end the same way. */
export function withoutRetry(error: unknown): never {
  if (!(error instanceof AppError) || error.kind !== 'exhausted') throw error;
  const { code, message, details } = error;
  throw new AppError({ kind: 'conflict', code, message, details, cause: error });
}
