import { AppError } from '@prad/errors';
import { DelayedError, UnrecoverableError, WaitingError, type Job } from 'bullmq';
import { jobCatalogue, jobIdsOf, type JobDefinition, type JobIds, type JobName } from './catalogue.js';
import { EventWriter } from './event-writer.js';
import { encodeFailure, toAppError, verdictOf } from './failure.js';
import { registerHandlers } from './handler-registry.js';
import { Postponed, type AnyJobHandler, type JobHandler } from './handler.js';
import { OneJob } from './one-job.js';
import { openWorker, type QueueStore, type StoreWorker } from './store.js';

/**
 * How an attempt at a job ended: `done` includes being cancelled, `handed_back` a lock that was lost, and a job that was
 * `failed` is not tried again.
 */
export type Ending = 'done' | 'failed' | 'retried' | 'postponed' | 'handed_back';

export interface Attempt {
  readonly job: JobName;
  readonly ending: Ending;
  readonly seconds: number;
}

/** Where the host reports; a pino logger fits. */
export interface HostLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface HandlerHostOptions {
  readonly store: QueueStore;
  /** The jobs that this process does. */
  readonly roles: readonly JobName[];
  /** Jobs of a name at once; 1 where a name is left out. */
  readonly concurrency: Partial<Readonly<Record<JobName, number>>>;
  readonly log: HostLog;
  /** How long a killed worker's job stays locked; see LOCK_MS. */
  readonly lockMs?: number;
  /** Has everything that is logged while `work` runs carry the ids; without it lines of handlers have none. */
  readonly logScope?: <T>(ids: JobIds, work: () => T) => T;
  readonly onAttempt?: (attempt: Attempt) => void;
  /** Take one job and no more, see `oneEnded`; `concurrency` is 1 then. */
  readonly once?: boolean;
}

/**
 * A worker renews the lock of its jobs twice in this time. When it is killed, its jobs are taken up again at most
 * LOCK_MS + 2 * LOCK_MS / 3 later: the lock must expire, and the check for that runs every LOCK_MS / 3.
 */
export const LOCK_MS = 15_000;

/** Deaths of workers that one job survives in the queue; the attempts in its row set the tighter limit. */
const MAX_STALLED = 20;

/** Takes jobs off the queues and hands them to their handlers. */
export class HandlerHost {
  private readonly handlers: ReadonlyMap<JobName, AnyJobHandler>;
  private readonly workers: StoreWorker[] = [];
  private readonly running = new Map<string, Running>();
  private readonly one: OneJob | undefined;

  /** Throws where a role has no handler or a job has two. */
  constructor(
    private readonly options: HandlerHostOptions,
    handlers: readonly AnyJobHandler[],
  ) {
    this.handlers = registerHandlers(options.roles, handlers);
    if (options.once === true) this.one = new OneJob(() => this.workers);
  }

  /** Begins to take jobs; resolves when all queues are connected. */
  async start(): Promise<void> {
    for (const handler of this.handlers.values()) this.workers.push(this.openWorker(handler));
    await Promise.all(this.workers.map((worker) => worker.waitUntilReady()));
  }

  /** Ids of the jobs in work. */
  get activeJobs(): readonly string[] {
    return [...this.running.keys()];
  }

  /** How many jobs of a name are in work. */
  activeOf(name: JobName): number {
    return [...this.running.values()].filter(({ job }) => job === name).length;
  }

  /** With `once`: resolves when an attempt at a job has ended, in whatever way but a postponement. */
  get oneEnded(): Promise<void> {
    return this.one?.ended ?? new Promise(() => undefined);
  }

  /**
   * Takes no further jobs and waits for those in work. After `graceMs` their signals are aborted, those of handlers that
   * resume at once, and jobs that stop by throwing go back to the queue without losing an attempt.
   */
  async close(graceMs: number): Promise<void> {
    const closed = Promise.all(this.workers.map((worker) => worker.close()));
    this.abort(({ resumes }) => resumes);
    const timer = setTimeout(() => {
      this.abort(() => true);
    }, graceMs);
    try {
      await closed;
    } finally {
      clearTimeout(timer);
    }
  }

  private abort(which: (running: Running) => boolean): void {
    for (const running of this.running.values()) if (which(running)) running.controller.abort(stopping());
  }

  private openWorker(handler: AnyJobHandler): StoreWorker {
    const lockMs = this.options.lockMs ?? LOCK_MS;
    const process = async (job: Job<unknown, void>, token?: string): Promise<void> => {
      if (this.one?.take() === false) {
        await handBack(job, token);
        throw new WaitingError();
      }
      await this.scoped(job, () => this.process(handler, job, token));
    };
    const worker = openWorker(this.options.store, handler.job, process, {
      concurrency: this.one ? 1 : (this.options.concurrency[handler.job] ?? 1),
      lockDuration: lockMs,
      stalledInterval: Math.ceil(lockMs / 3),
      maxStalledCount: MAX_STALLED,
    });
    worker.on('error', (error) => {
      if (error.message.startsWith(LOCK_NOT_RENEWED)) return;
      this.options.log.warn({ job: handler.job, error: error.message }, 'queue connection');
    });
    worker.on('lockRenewalFailed', (jobIds) => {
      for (const id of jobIds) this.loseLock(handler.job, id);
    });
    worker.on('failed', (job, error) => {
      // Jobs that BullMQ fails by itself (stalled too often) never reach `process`.
      if (job === undefined || isSettled(error)) return;
      void this.scoped(job, () => this.abandon(handler, job, error));
    });
    return worker;
  }

  /** A job that ended while its lock was being renewed had none to lose. */
  private loseLock(job: JobName, id: string): void {
    const running = this.running.get(id);
    if (!running) return;
    const error = lockLost(id);
    this.options.log.warn({ job, id }, error.message);
    running.controller.abort(error);
  }

  private async process(
    handler: AnyJobHandler,
    job: Job<unknown, void>,
    token: string | undefined,
  ): Promise<void> {
    const id = job.id ?? '';
    const controller = new AbortController();
    const writer = new EventWriter(job, (error) => {
      this.options.log.warn(
        { job: handler.job, id, error: String(error) },
        'events of the job were not written',
      );
    });
    this.running.set(id, { controller, job: handler.job, resumes: handler.resumes === true });
    const started = performance.now();
    let ending: Ending = 'done';
    try {
      await call(handler, job, {
        attempt: job.attemptsMade + 1,
        signal: controller.signal,
        stream: (...events: readonly unknown[]) => {
          writer.append(events);
        },
      });
    } catch (error) {
      await writer.close();
      ending = endingOf(job, controller.signal, error);
      await this.settle(handler, job, { token, signal: controller.signal, ending, thrown: error });
    } finally {
      await writer.close();
      this.running.delete(id);
      this.tell({ job: handler.job, ending, seconds: (performance.now() - started) / 1000 });
      this.one?.end(ending);
    }
  }

  /** Turns the handler's error into what BullMQ does with the job. */
  private async settle(handler: AnyJobHandler, job: Job<unknown, void>, end: FailedAttempt): Promise<never> {
    const { token, signal, ending, thrown } = end;
    if (thrown instanceof Postponed) {
      await job.moveToDelayed(Date.now() + thrown.delayMs, token);
      throw new DelayedError();
    }
    if (signal.aborted) {
      if (isStopping(signal)) await handBack(job, token);
      throw new WaitingError();
    }
    const error = toAppError(thrown);
    const final = ending === 'failed';
    const { code, message } = error;
    this.options.log.error({ job: handler.job, code, final, err: thrown }, message);
    if (!final) throw new TryAgain(encodeFailure(error));
    await this.abandon(handler, job, error);
    throw new UnrecoverableError(encodeFailure(error));
  }

  private scoped<T>(job: Job<unknown, void>, work: () => T): T {
    const { logScope } = this.options;
    return logScope === undefined ? work() : logScope(jobIdsOf(job.id ?? '', job.data), work);
  }

  private tell(attempt: Attempt): void {
    const { job, ending, seconds } = attempt;
    this.options.log.info({ job, ending, seconds: Number(seconds.toFixed(3)) }, `${job}: ${ending}`);
    this.options.onAttempt?.(attempt);
  }

  private async abandon(handler: AnyJobHandler, job: Job<unknown, void>, error: Error): Promise<void> {
    try {
      await giveUp(handler, job, toAppError(error));
    } catch (failure) {
      this.options.log.error(
        { job: handler.job, id: job.id, err: failure },
        'the reason of a failed job was not written',
      );
    }
  }
}

interface Running {
  readonly controller: AbortController;
  readonly job: JobName;
  readonly resumes: boolean;
}

interface FailedAttempt {
  readonly token: string | undefined;
  readonly signal: AbortSignal;
  readonly ending: Ending;
  readonly thrown: unknown;
}

function endingOf(job: Job<unknown, void>, signal: AbortSignal, thrown: unknown): Ending {
  if (thrown instanceof Postponed) return 'postponed';
  if (signal.aborted) return 'handed_back';
  const last = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
  return last || verdictOf(toAppError(thrown)) === 'fail' ? 'failed' : 'retried';
}

/** Puts a job in work back to those that wait, without costing an attempt. */
async function handBack(job: Job<unknown, void>, token: string | undefined): Promise<void> {
  if (token !== undefined) await job.moveToWait(token);
}

type ErasedHandler = JobHandler<'train'>;

/** Each handler gets the payload of its own job: the catalogue's schema of that job has just checked it. */
function payloadOf(handler: AnyJobHandler, job: Job<unknown, void>): never {
  const definition: JobDefinition = jobCatalogue[handler.job];
  return definition.payload.parse(job.data) as never;
}

async function call(
  handler: AnyJobHandler,
  job: Job<unknown, void>,
  context: { attempt: number; signal: AbortSignal; stream: (...events: readonly unknown[]) => void },
): Promise<void> {
  await (handler as ErasedHandler).handle(payloadOf(handler, job), context);
}

async function giveUp(handler: AnyJobHandler, job: Job<unknown, void>, error: AppError): Promise<void> {
  await (handler as ErasedHandler).giveUp(payloadOf(handler, job), error);
}

/** Has BullMQ try the job again while it has attempts left. */
class TryAgain extends Error {}

function isSettled(error: Error): boolean {
  return error instanceof TryAgain || error instanceof UnrecoverableError;
}

// BullMQ's message beside `lockRenewalFailed`, which names the jobs.
const LOCK_NOT_RENEWED = 'could not renew lock';

const STOPPING = 'worker_stopping';

function stopping(): AppError {
  return new AppError({ kind: 'unavailable', code: STOPPING, message: 'the worker is going down' });
}

function isStopping(signal: AbortSignal): boolean {
  return signal.reason instanceof AppError && signal.reason.code === STOPPING;
}

function lockLost(id: string): AppError {
  const message = `job ${id} was not renewed in time and belongs to another worker now`;
  return new AppError({ kind: 'conflict', code: 'lock_lost', message });
}
