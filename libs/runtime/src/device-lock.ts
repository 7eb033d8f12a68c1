import { threadId } from 'node:worker_threads';

/*
 * onnxruntime 1.30 has one WebGPU context in a process and does not guard it: two threads that open, run or close
 * sessions on it at the same time crash the process. So what uses the device takes turns, first within a thread and
 * then between threads. A thread that ends in its turn loses it, see `endTurnOf`.
 */

/** Nobody's turn, in the shared word; a thread's own mark is never 0. */
const FREE = 0;
const markOf = (thread: number): number => thread + 1;

let word = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
let last: Promise<unknown> = Promise.resolve();

/** The lock of this process, for a thread that it starts. */
export function deviceLock(): SharedArrayBuffer {
  return word.buffer;
}

/** On a thread, before it touches a device: takes turns with the threads that have the same lock. */
export function useDeviceLock(lock: SharedArrayBuffer): void {
  word = new Int32Array(lock);
}

/** On the host, when a thread has ended: its turn ends with it. */
export function endTurnOf(thread: number): void {
  if (Atomics.compareExchange(word, 0, markOf(thread), FREE) === markOf(thread)) Atomics.notify(word, 0);
}

/** Does the work in this thread's turn; blocks the thread while another has it. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const done = last.then(() => whileHeld(work));
  last = done.catch(() => undefined);
  return done;
}

async function whileHeld<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    const holder = Atomics.compareExchange(word, 0, FREE, markOf(threadId));
    if (holder === FREE) break;
    Atomics.wait(word, 0, holder);
  }
  try {
    return await work();
  } finally {
    Atomics.store(word, 0, FREE);
    Atomics.notify(word, 0);
  }
}
