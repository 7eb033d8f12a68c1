import { AppError } from '@prad/errors';
import { serveCompute } from '@prad/runtime';
import { train, type TrainingEvent, type TrainingPlan } from '@prad/training';

const handlers = {
  /** Trains what the plan says; the files that its events name lie in the plan's work folder. */
  async *train(plan: TrainingPlan, signal: AbortSignal): AsyncGenerator<TrainingEvent, void> {
    try {
      yield* train(plan, signal);
    } catch (error) {
      throw isDiskFull(error) ? diskFull(error) : error;
    }
  },
};

/** What the thread answers to. */
export type TrainingHandlers = typeof handlers;

function isDiskFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

function diskFull(cause: unknown): AppError {
  const message = 'the disk is full: a checkpoint could not be written, and nothing of it was kept';
  return new AppError({ kind: 'exhausted', code: 'disk_full', message, cause });
}

serveCompute(handlers);
