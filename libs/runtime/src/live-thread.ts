import { AppError, assertNever } from '@prad/errors';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import type { ToHost, ToThread } from './compute-protocol.js';
import { deviceLock, endTurnOf } from './device-lock.js';
import { Pulse } from './pulse.js';
import { StreamInbox } from './stream-inbox.js';
import { transfersOf } from './transferring.js';
import { fromWireError, toWireError } from './wire-error.js';

/** One worker thread from its start to its death, with the streams and pings that wait for it. */
export class LiveThread {
  /** Settles when the thread has ended, for whatever reason. */
  readonly exited: Promise<void>;
  readonly #worker: Worker;
  readonly #inboxes = new Map<number, StreamInbox>();
  readonly #pings = new Map<number, (error: AppError | undefined) => void>();
  readonly #pulse = new Pulse();
  #nextId = 1;
  /** When something was first asked of the thread since it last had nothing to do; `process.hrtime`. */
  #busySince = 0n;
  #crash: unknown;

  /** `onEnd` hears of the end, with the error that every waiting stream gets. */
  constructor(entry: URL, options: WorkerOptions, onEnd: (error: AppError) => void) {
    this.#worker = new Worker(entry, options);
    const { threadId } = this.#worker;
    this.#send({ type: 'watch', pulse: this.#pulse.buffer, lock: deviceLock() });
    this.#worker.on('message', (message: ToHost) => {
      this.#receive(message);
    });
    this.#worker.on('error', (error) => (this.#crash = error));
    this.exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        endTurnOf(threadId);
        const error = died(code, this.#crash);
        this.fail(error);
        onEnd(error);
        resolve();
      });
    });
  }

  /** Milliseconds without a sign of life; 0 while nothing is asked of the thread. */
  get silentMs(): number {
    return this.#isBusy ? this.#pulse.silentMs(this.#busySince) : 0;
  }

  start(method: string, params: unknown): { id: number; inbox: StreamInbox } {
    const id = this.#nextId++;
    const inbox = new StreamInbox();
    this.#noteWork();
    this.#send({ type: 'start', id, method, params });
    this.#inboxes.set(id, inbox);
    return { id, inbox };
  }

  cancel(id: number, reason: AppError): void {
    this.#send({ type: 'cancel', id, reason: toWireError(reason), left: false });
  }

  /** Cancels a stream that nobody reads any more; resolves when the thread has ended it. */
  async leave(id: number, inbox: StreamInbox): Promise<void> {
    const reason = new AppError({
      kind: 'cancelled',
      code: 'reader_left',
      message: 'nobody reads the stream any more',
    });
    this.#send({ type: 'cancel', id, reason: toWireError(reason), left: true });
    while ((await inbox.take()).type === 'event');
  }

  taken(id: number): void {
    this.#send({ type: 'taken', id });
  }

  /** Resolves when the thread answers: it is alive and between two native calls. */
  async ping(): Promise<void> {
    const id = this.#nextId++;
    this.#noteWork();
    await new Promise<void>((resolve, reject) => {
      this.#pings.set(id, (error) => {
        if (error) reject(error);
        else resolve();
      });
      this.#send({ type: 'ping', id });
    });
  }

  /** Asks the thread to cancel its streams, to clean up and to end. */
  close(): void {
    this.#send({ type: 'close' });
  }

  /** Ends the thread as soon as its native call returns, without clean-up. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
    await this.exited;
  }

  /** Ends every stream and ping that waits. */
  fail(error: AppError): void {
    for (const inbox of this.#inboxes.values()) inbox.deliver({ type: 'failed', error });
    for (const settle of this.#pings.values()) settle(error);
    this.#inboxes.clear();
    this.#pings.clear();
  }

  #receive(message: ToHost): void {
    switch (message.type) {
      case 'event':
        this.#inboxes.get(message.id)?.deliver({ type: 'event', event: message.event });
        return;
      case 'end':
        this.#finish(message.id)?.deliver({ type: 'end' });
        return;
      case 'failed':
        this.#finish(message.id)?.deliver({ type: 'failed', error: fromWireError(message.error) });
        return;
      case 'pong':
        this.#pings.get(message.id)?.(undefined);
        this.#pings.delete(message.id);
        return;
      case 'closed':
        void this.#worker.terminate();
        return;
      default:
        assertNever(message);
    }
  }

  get #isBusy(): boolean {
    return this.#inboxes.size + this.#pings.size > 0;
  }

  #noteWork(): void {
    if (!this.#isBusy) this.#busySince = process.hrtime.bigint();
  }

  #finish(id: number): StreamInbox | undefined {
    const inbox = this.#inboxes.get(id);
    this.#inboxes.delete(id);
    return inbox;
  }

  #send(message: ToThread): void {
    this.#worker.postMessage(message, message.type === 'start' ? [...transfersOf(message.params)] : []);
  }
}

function died(exitCode: number, crash: unknown): AppError {
  const reason = crash instanceof Error ? crash.message : `exit code ${exitCode}`;
  return new AppError({
    kind: 'unavailable',
    code: 'compute_thread_died',
    message: `the compute thread ended: ${reason}`,
    details: { exitCode },
    ...(crash !== undefined && { cause: crash }),
  });
}
