/** A queue of events with one reader; the writer never waits. */
export class EventChannel<E> implements AsyncIterable<E> {
  readonly #events: E[] = [];
  #wake: () => void = () => undefined;
  #closed = false;
  #error: { readonly cause: unknown } | undefined;

  /** @param onLeave the reader left before the end. */
  constructor(private readonly onLeave: () => void) {}

  push(event: E): void {
    this.#events.push(event);
    this.#wake();
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** The reader gets the events so far, then this error. */
  fail(cause: unknown): void {
    this.#error = { cause };
    this.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<E, void, undefined> {
    try {
      for (;;) {
        const event = this.#events.shift();
        if (event !== undefined) yield event;
        else if (this.#error) throw this.#error.cause;
        else if (this.#closed) return;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      if (!this.#closed) this.onLeave();
    }
  }
}
