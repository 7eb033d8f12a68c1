import { AppError, type ErrorKind } from '@prad/errors';

/** An AppError as plain data: classes do not survive the way between threads. */
export interface WireError {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly stack: string | undefined;
}

/** Any other error than an AppError is a bug and says so. */
export function toWireError(error: unknown): WireError {
  if (error instanceof AppError) {
    const { kind, code, message, stack } = error;
    return { kind, code, message, details: plain(error.details), stack };
  }
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  return { kind: 'bug', code: 'compute_failed', message, details: {}, stack };
}

/** The error again, with the stack of the other thread as its cause. */
export function fromWireError({ kind, code, message, details, stack }: WireError): AppError {
  return new AppError({
    kind,
    code,
    message,
    details,
    ...(stack !== undefined && { cause: new Error(stack) }),
  });
}

/** The reason of an abort: an AppError stays what it is, everything else is `cancelled`. */
export function cancellation(reason: unknown): AppError {
  if (reason instanceof AppError) return reason;
  const message = reason instanceof Error ? reason.message : 'the call was cancelled';
  return new AppError({ kind: 'cancelled', code: 'cancelled', message, cause: reason });
}

/** Details that a message cannot carry (functions, for example) go as text. */
function plain(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    return structuredClone({ ...details });
  } catch {
    return Object.fromEntries(Object.entries(details).map(([key, value]) => [key, String(value)]));
  }
}
