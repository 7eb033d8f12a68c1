import { AsyncLocalStorage } from 'node:async_hooks';

/** Ids that tell which work a log line belongs to, for example `{ jobId }`. */
export type LogContext = Readonly<Record<string, string | number>>;

const contexts = new AsyncLocalStorage<LogContext>();

/** Every line logged while `work` runs, by whatever part of the system, carries these ids beside those around it. */
export function withLogContext<T>(context: LogContext, work: () => T): T {
  return contexts.run({ ...contexts.getStore(), ...context }, work);
}

export function currentLogContext(): LogContext {
  return contexts.getStore() ?? {};
}
