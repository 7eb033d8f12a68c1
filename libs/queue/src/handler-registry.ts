import { AppError } from '@prad/errors';
import type { JobName } from './catalogue.js';
import type { AnyJobHandler } from './handler.js';

/** The handlers of a worker's roles, by job. Throws where a role has no handler or a job has two. */
export function registerHandlers(
  roles: readonly JobName[],
  handlers: readonly AnyJobHandler[],
): ReadonlyMap<JobName, AnyJobHandler> {
  const byJob = new Map<JobName, AnyJobHandler>();
  for (const handler of handlers) {
    if (byJob.has(handler.job))
      throw bootError('doubled_handler', `two handlers are registered for ${handler.job}`);
    byJob.set(handler.job, handler);
  }
  const missing = roles.filter((role) => !byJob.has(role));
  if (missing.length > 0) {
    throw bootError('missing_handler', `no handler is registered for the roles ${missing.join(', ')}`);
  }
  return new Map([...byJob].filter(([job]) => roles.includes(job)));
}

function bootError(code: string, message: string): AppError {
  return new AppError({ kind: 'bug', code, message: `the worker does not start: ${message}` });
}
