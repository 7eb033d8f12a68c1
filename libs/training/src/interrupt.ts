import { AppError } from '@prad/errors';

/** @throws AppError cancelled `training_cancelled`. */
export function throwIfAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new AppError({
    kind: 'cancelled',
    code: 'training_cancelled',
    message: 'the training was cancelled',
  });
}
