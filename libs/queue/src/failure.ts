import { AppError, type ErrorKind } from '@prad/errors';
import { z } from 'zod';

/** What becomes of a job whose handler threw an error of a kind. */
export type Verdict = 'retry' | 'fail';

const verdicts: Readonly<Record<ErrorKind, Verdict>> = {
  invalid: 'fail',
  unauthenticated: 'fail',
  forbidden: 'fail',
  notFound: 'fail',
  conflict: 'fail',
  cancelled: 'fail',
  bug: 'fail',
  exhausted: 'retry',
  unavailable: 'retry',
};

/** Errors that are not ours come from stores and networks, which may recover, so they are worth another attempt. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError({
    kind: 'unavailable',
    code: 'job_failed',
    message: error instanceof Error ? error.message : String(error),
    cause: error,
  });
}

export function verdictOf(error: AppError): Verdict {
  return verdicts[error.kind];
}

const kinds = Object.keys(verdicts) as [ErrorKind, ...ErrorKind[]];
const stored = z.object({
  kind: z.enum(kinds),
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()),
});

/** The queue keeps a failure as one text; this is that text. */
export function encodeFailure(error: AppError): string {
  const { kind, code, message, details } = error;
  return JSON.stringify({ kind, code, message, details });
}

/** The error of a failed job. Texts that are not ours, such as BullMQ's own about stalled jobs, become `unavailable`. */
export function decodeFailure(reason: string): AppError {
  try {
    return new AppError(stored.parse(JSON.parse(reason)));
  } catch {
    return new AppError({ kind: 'unavailable', code: 'job_failed', message: reason });
  }
}
