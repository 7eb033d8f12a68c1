import {
  HandlerHost,
  type AnyJobHandler,
  type HandlerHostOptions,
  type JobContext,
  type JobHandler,
  type JobName,
  type JobPayload,
  type QueueStore,
} from '@prad/queue';
import type { AppError } from '@prad/errors';

type Work<Name extends JobName> = (payload: JobPayload<Name>, context: JobContext<Name>) => Promise<void>;

/** A handler whose work is given by the test, and that remembers the jobs it gave up. */
export class Probe<Name extends JobName> implements JobHandler<Name> {
  readonly givenUp: { readonly payload: JobPayload<Name>; readonly error: AppError }[] = [];
  readonly attempts: number[] = [];

  constructor(
    readonly job: Name,
    private readonly work: Work<Name>,
  ) {}

  async handle(payload: JobPayload<Name>, context: JobContext<Name>): Promise<void> {
    this.attempts.push(context.attempt);
    await this.work(payload, context);
  }

  giveUp(payload: JobPayload<Name>, error: AppError): Promise<void> {
    this.givenUp.push({ payload, error });
    return Promise.resolve();
  }
}

/** A gate that tests wait at until it is opened. */
export class Latch {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

export const silentLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

export async function startHost(
  store: QueueStore,
  handlers: readonly AnyJobHandler[],
  options: Partial<HandlerHostOptions> = {},
): Promise<HandlerHost> {
  const roles = handlers.map((handler) => handler.job);
  const host = new HandlerHost({ store, roles, concurrency: {}, log: silentLog, ...options }, handlers);
  await host.start();
  return host;
}
