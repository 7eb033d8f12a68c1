import { AppError } from '@prad/errors';
import { driverError } from './pg-error.js';

/** Shutdown, crash and start of the server, and all of the class "connection exception". */
const SERVER_GONE = /^(57P0[123]|08...|53300)$/;
const SOCKET_GONE = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);
/** What `pg` and its pool say without a code. */
const CONNECTION_GONE =
  /^Connection terminated|connection error and is not queryable|^timeout exceeded when trying to connect/;

/** An error that says that the database could not be reached, as unavailable `database_unreachable`; undefined for others. */
export function connectionLost(error: unknown): AppError | undefined {
  const { code = '', message } = driverError(error);
  if (!SERVER_GONE.test(code) && !SOCKET_GONE.has(code) && !CONNECTION_GONE.test(message)) return undefined;
  return new AppError({
    kind: 'unavailable',
    code: 'database_unreachable',
    message: `the database cannot be reached: ${message || code}`,
    cause: error,
  });
}
