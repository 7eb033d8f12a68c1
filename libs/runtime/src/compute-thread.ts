import { AppError } from '@prad/errors';
import { performance } from 'node:perf_hooks';
import type { WorkerOptions } from 'node:worker_threads';
import type { ComputeHandlers, EventOf, ParamsOf } from './compute-protocol.js';
import { LiveThread } from './live-thread.js';
import { cancellation } from './wire-error.js';

export interface ComputeThreadOptions {
  /** Shown in debuggers and thread lists. */
  readonly name?: string;
  /** Given to the thread as `workerData`. */
  readonly workerData?: unknown;
  /** How long `close` waits for streams to end before it ends the thread; 30 s by default. */
  readonly closeWithinMs?: number;
  /** Hears of a thread that ended without being asked to; a good place for a log line. */
  readonly onDeath?: (error: AppError) => void;
}

/**
 * The host's side of a thread that computes, so that the host's own event loop never waits for a native call. The
 * thread starts with the first call. When it dies, everything that waits for it fails with AppError unavailable
 * `compute_thread_died`, and the next call starts a new one.
 *
 * `H` is the type of the handlers that the entry file gives to `serveCompute`.
 */
export class ComputeThread<H extends ComputeHandlers> {
  #live: LiveThread | undefined;
  #closed = false;

  constructor(
    private readonly entry: URL,
    private readonly options: ComputeThreadOptions = {},
  ) {}

  /**
   * Calls a method and yields its events. An abort of `signal` is passed on, and the handler decides how its stream
   * ends then. Whoever stops reading early cancels the stream and waits until the thread has ended it.
   * @throws AppError the handler's own; cancelled when `signal` is aborted before the start; unavailable
   * `compute_thread_died` or `compute_thread_closed`.
   */
  async *stream<M extends keyof H & string>(
    method: M,
    params: ParamsOf<H, M>,
    signal?: AbortSignal,
  ): AsyncGenerator<EventOf<H, M>, void, undefined> {
    if (signal?.aborted) throw cancellation(signal.reason);
    const live = this.#thread();
    const { id, inbox } = live.start(method, params);
    const onAbort = (): void => {
      live.cancel(id, cancellation(signal?.reason));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      for (let next = await inbox.take(); next.type !== 'end'; next = await inbox.take()) {
        if (next.type === 'failed') throw next.error;
        live.taken(id);
        // The handlers' type says which events the method sends.
        yield next.event as EventOf<H, M>;
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      if (!inbox.ended) await live.leave(id, inbox);
    }
  }

  /**
   * Milliseconds for which a thread that has work gave no sign of life: about as long as the native run that is under
   * way, so a thread that is silent for much longer than the longest run takes has hung. 0 while it has nothing to do.
   */
  get silentMs(): number {
    return this.#live?.silentMs ?? 0;
  }

  /**
   * How long the thread takes to answer, in milliseconds. It answers between two native calls, so give it longer than
   * the longest of them; `restart` a thread that does not answer.
   * @throws AppError unavailable `compute_thread_hung`, `compute_thread_died`.
   */
  async ping(withinMs: number): Promise<number> {
    const live = this.#thread();
    const start = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const hung = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(unavailable('compute_thread_hung', `the compute thread did not answer within ${withinMs} ms`));
      }, withinMs);
    });
    try {
      await Promise.race([live.ping(), hung]);
    } finally {
      clearTimeout(timer);
    }
    return performance.now() - start;
  }

  /** Ends the thread without clean-up; what waits for it fails, and the next call starts a new one. */
  async restart(): Promise<void> {
    const live = this.#live;
    this.#live = undefined;
    live?.fail(unavailable('compute_thread_restarted', 'the compute thread was restarted'));
    await live?.terminate();
  }

  /** Cancels all streams, lets them end, and ends the thread; later calls are refused. Waits for all of it. */
  async close(): Promise<void> {
    this.#closed = true;
    const live = this.#live;
    if (!live) return;
    live.close();
    const timer = setTimeout(() => void live.terminate(), this.options.closeWithinMs ?? 30_000);
    await live.exited;
    clearTimeout(timer);
  }

  #thread(): LiveThread {
    if (this.#closed) throw unavailable('compute_thread_closed', 'the compute thread is closed');
    if (this.#live) return this.#live;
    const { name, workerData, onDeath } = this.options;
    const options: WorkerOptions = { workerData, ...(name !== undefined && { name }) };
    const live = new LiveThread(this.entry, options, (error) => {
      if (this.#live !== live || this.#closed) return;
      this.#live = undefined;
      onDeath?.(error);
    });
    this.#live = live;
    return live;
  }
}

function unavailable(code: string, message: string): AppError {
  return new AppError({ kind: 'unavailable', code, message });
}
