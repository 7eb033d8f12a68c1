import type { FineTuningJob } from '@prad/domain';
import { AppError } from '@prad/errors';

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

/** Rethrows. What is exhausted (a full disk, memory) ends the job: to train all of it again would end the same way. */
export function withoutRetry(error: unknown): never {
  if (!(error instanceof AppError) || error.kind !== 'exhausted') throw error;
  const { code, message, details } = error;
  throw new AppError({ kind: 'conflict', code, message, details, cause: error });
}
