import { AppError } from '@prad/errors';

/** The promise's value, or an `unavailable` error after the given time: a store that is down must not hang its caller. */
export async function withDeadline<T>(promise: Promise<T>, milliseconds: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(queueUnavailable(what, `no answer within ${milliseconds} ms`));
    }, milliseconds);
  });
  try {
    return await Promise.race([promise, deadline]);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw queueUnavailable(what, error instanceof Error ? error.message : String(error), error);
  } finally {
    clearTimeout(timer);
  }
}

function queueUnavailable(what: string, reason: string, cause?: unknown): AppError {
  return new AppError({
    kind: 'unavailable',
    code: 'queue_unavailable',
    message: `${what}: the queue does not answer (${reason})`,
    cause,
  });
}
