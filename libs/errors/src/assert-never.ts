import { AppError } from './app-error.js';

/** Closes a switch over a union: a new member that is not handled fails to compile. */
export function assertNever(value: never): never {
  throw new AppError({
    kind: 'bug',
    code: 'unreachable',
    message: `unexpected value ${JSON.stringify(value)}`,
  });
}
