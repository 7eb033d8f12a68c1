import { AppError } from '@prad/errors';

/** The value, or a bug error: the table's checks promise that it is there in this status. */
export function present<T>(value: T | null, what: string): T {
  if (value !== null) return value;
  throw new AppError({
    kind: 'bug',
    code: 'corrupt_row',
    message: `${what} is null although its status promises a value`,
  });
}
