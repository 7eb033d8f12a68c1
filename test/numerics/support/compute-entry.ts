import { AppError } from '@prad/errors';
import { runGraph, serveCompute, transferring } from '@prad/runtime';
import { tensor } from '@prad/tensor';
import { setTimeout as sleep } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';

let produced = 0;
const closing = workerData as { closed?: Int32Array } | undefined;

/** What the tests of the compute thread call. */
export const handlers = {
  async *count({ to }: { to: number }) {
    for (produced = 0; produced < to;) {
      yield produced++;
      await sleep(0);
    }
  },
  async *produced() {
    yield await Promise.resolve(produced);
  },
  async *fail() {
    yield await Promise.resolve('first');
    throw new AppError({ kind: 'exhausted', code: 'too_much', message: 'no room', details: { limit: 3 } });
  },
  async *bug() {
    yield await Promise.resolve('first');
    throw new TypeError('undefined is not a function');
  },
  /** Runs until it is aborted, then says why and ends by itself. */
  async *untilAborted(_: object, signal: AbortSignal) {
    yield 'running';
    while (!signal.aborted) await sleep(1);
    const reason: unknown = signal.reason;
    yield reason instanceof AppError ? `${reason.kind} ${reason.code}` : 'no AppError';
  },
  async *die() {
    yield await Promise.resolve('first');
    setTimeout(() => {
      throw new Error('out of the blue');
    });
    await sleep(10_000);
  },
  async *hang({ forMs }: { forMs: number }) {
    yield await Promise.resolve('hanging');
    await sleep(0);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);
  },
  /** Blocks the thread again and again, as native runs do. */
  async *block({ times, forMs }: { times: number; forMs: number }) {
    for (let i = 0; i < times; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);
    }
    yield await Promise.resolve('done');
  },
  async *echo(data: Float32Array) {
    yield await Promise.resolve(transferring(data, [data.buffer as ArrayBuffer]));
    yield data.length;
  },
  async *compute({ model }: { model: Uint8Array }) {
    yield await runGraph(model, { x: tensor('float32', [2], Float32Array.of(1, 2)) });
  },
};

serveCompute(handlers, {
  onClose: () => {
    if (closing?.closed) Atomics.store(closing.closed, 0, 1);
    return Promise.resolve();
  },
});
