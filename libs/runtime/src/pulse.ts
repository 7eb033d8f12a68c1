/** How often a thread whose event loop turns gives a sign of life. */
const BEAT_MS = 250;

/**
 * When a compute thread last gave a sign of life, as one number that both threads see. A native run blocks the thread,
 * which cannot answer then, but between two runs its event loop turns: a step of many runs, or an evaluation of many
 * steps, is never silent for longer than its longest run.
 */
export class Pulse {
  readonly #at: BigInt64Array;

  constructor(readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)) {
    this.#at = new BigInt64Array(buffer);
  }

  /** On the compute thread: from now on, for as long as its event loop turns. */
  start(): void {
    this.beat();
    setInterval(() => {
      this.beat();
    }, BEAT_MS).unref();
  }

  beat(): void {
    Atomics.store(this.#at, 0, process.hrtime.bigint());
  }

  /** On the host: milliseconds since the last sign of life, or since `from` where that was later. */
  silentMs(from: bigint): number {
    const at = Atomics.load(this.#at, 0);
    return Number(process.hrtime.bigint() - (at > from ? at : from)) / 1e6;
  }
}
