import { AppError } from '@prad/errors';

/** The error of every file that is not what its format says: kind invalid, with a stable code. */
export function invalid(code: string, message: string, details: Record<string, unknown> = {}): AppError {
  return new AppError({ kind: 'invalid', code, message, details });
}

/** Text of an unknown thrown value, for messages. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** The system's code of a failed call (`ENOENT`), if it has one. */
export function systemCode(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}
