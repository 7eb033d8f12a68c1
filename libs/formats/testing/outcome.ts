import { AppError } from '@prad/errors';

/** What became of reading a damaged file: the value, or its AppError of kind invalid. Anything else is thrown on. */
export async function outcome<T>(reading: () => T | Promise<T>): Promise<{ value: T } | { error: AppError }> {
  try {
    return { value: await reading() };
  } catch (cause) {
    if (cause instanceof AppError && cause.kind === 'invalid') return { error: cause };
    throw cause;
  }
}

/** The AppError that reading throws. @throws Error when it throws none. */
export async function errorOf(reading: () => unknown): Promise<AppError> {
  try {
    await reading();
  } catch (cause) {
    if (cause instanceof AppError) return cause;
    throw cause;
  }
  throw new Error('expected an AppError, but nothing was thrown');
}
