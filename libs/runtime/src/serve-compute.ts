import { AppError, assertNever } from '@prad/errors';
import { parentPort, type MessagePort } from 'node:worker_threads';
import { streamWindow, type ComputeHandlers, type ToHost, type ToThread } from './compute-protocol.js';
import { useDeviceLock } from './device-lock.js';
import { Pulse } from './pulse.js';
import { transfersOf } from './transferring.js';
import { fromWireError, toWireError } from './wire-error.js';

export interface ServeComputeOptions {
  /** Runs after the last stream has ended when the host closes the thread: free sessions here. */
  readonly onClose?: () => Promise<void>;
}

/**
 * Answers the streams of a `ComputeThread`; call it once in the entry file of the worker thread.
 * @throws AppError bug `no_compute_host` on a main thread.
 */
export function serveCompute(handlers: ComputeHandlers, { onClose }: ServeComputeOptions = {}): void {
  if (!parentPort) {
    throw new AppError({
      kind: 'bug',
      code: 'no_compute_host',
      message: 'serveCompute runs in a worker thread only',
    });
  }
  const server = new ComputeServer(parentPort, handlers, onClose);
  parentPort.on('message', (message: ToThread) => {
    server.receive(message);
  });
}

interface RunningStream {
  readonly window: Window;
  readonly done: Promise<void>;
  readonly cancel: (reason: AppError, left: boolean) => void;
}

class ComputeServer {
  readonly #running = new Map<number, RunningStream>();

  constructor(
    private readonly port: MessagePort,
    private readonly handlers: ComputeHandlers,
    private readonly onClose: (() => Promise<void>) | undefined,
  ) {}

  receive(message: ToThread): void {
    switch (message.type) {
      case 'watch':
        useDeviceLock(message.lock);
        new Pulse(message.pulse).start();
        return;
      case 'start':
        this.#start(message.id, message.method, message.params);
        return;
      case 'cancel':
        this.#running.get(message.id)?.cancel(fromWireError(message.reason), message.left);
        return;
      case 'taken':
        this.#running.get(message.id)?.window.widen(1);
        return;
      case 'ping':
        this.#send({ type: 'pong', id: message.id });
        return;
      case 'close':
        void this.#close();
        return;
      default:
        assertNever(message);
    }
  }

  #start(id: number, method: string, params: unknown): void {
    const controller = new AbortController();
    const window = new Window(streamWindow);
    const cancel = (reason: AppError, left: boolean): void => {
      controller.abort(reason);
      if (left) window.readerLeft = true;
      // The reader may have left, and an aborted stream sends little more: nothing may hold up its end.
      window.widen(Infinity);
    };
    const done = this.#serve(id, window, () => this.#call(method, params, controller.signal));
    this.#running.set(id, { window, done, cancel });
    void done.then(() => this.#running.delete(id));
  }

  #call(method: string, params: unknown, signal: AbortSignal): AsyncIterable<unknown> {
    const handler = Object.hasOwn(this.handlers, method) ? this.handlers[method] : undefined;
    if (!handler) throw unknownMethod(method, Object.keys(this.handlers));
    // The host's types tie each method to its params.
    return handler(params as never, signal);
  }

  async #serve(id: number, window: Window, call: () => AsyncIterable<unknown>): Promise<void> {
    try {
      for await (const event of call()) {
        await window.pass();
        if (window.readerLeft) break;
        this.#send({ type: 'event', id, event });
      }
      this.#send({ type: 'end', id });
    } catch (error) {
      this.#send({ type: 'failed', id, error: toWireError(error) });
    }
  }

  async #close(): Promise<void> {
    const reason = new AppError({
      kind: 'cancelled',
      code: 'compute_closed',
      message: 'the compute thread is closing',
    });
    for (const { cancel } of this.#running.values()) cancel(reason, false);
    await Promise.all([...this.#running.values()].map(({ done }) => done));
    try {
      await this.onClose?.();
    } finally {
      this.#send({ type: 'closed' });
    }
  }

  #send(message: ToHost): void {
    this.port.postMessage(message, message.type === 'event' ? [...transfersOf(message.event)] : []);
  }
}

/** Back-pressure: `pass` waits while as many events as the window is wide are unread. */
class Window {
  readerLeft = false;
  #wake: (() => void) | undefined;

  constructor(private room: number) {}

  widen(by: number): void {
    this.room += by;
    this.#wake?.();
  }

  async pass(): Promise<void> {
    if (this.room === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.room -= 1;
  }
}

function unknownMethod(method: string, known: readonly string[]): AppError {
  return new AppError({
    kind: 'bug',
    code: 'unknown_method',
    message: `the compute thread has no method ${method}, only ${known.join(', ')}`,
    details: { method },
  });
}
