import { AppError } from '@prad/errors';
import { serveCompute } from '@prad/runtime';
import { train, type TrainingEvent, type TrainingPlan } from '@prad/training';
import { OpenPacks, type Seat } from './open-packs.js';

const packs = new OpenPacks();

const handlers = {
  /**
   * Trains what the plan says, in one pass with others where it has a seat; the files that its events name lie in the
   * plan's work folder.
   */
  async *train(
    { seat, ...plan }: TrainingPlan & { readonly seat?: Seat | undefined },
    signal: AbortSignal,
  ): AsyncGenerator<TrainingEvent, void> {
    try {
      yield* train(plan, signal, seat && packs.compute(seat));
    } catch (error) {
      throw isDiskFull(error) ? diskFull(error) : error;
    }
  },

  /** To be called once for every seat when its work is over, or was never begun. */
  async *leave(seat: Seat): AsyncGenerator<never, void> {
    await packs.leave(seat);
    yield* [];
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
