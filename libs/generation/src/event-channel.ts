/** A queue of events with one reader; those who write never wait. */
export class EventChannel<E> implements AsyncIterable<E> {
  readonly #events: E[] = [];
  #wake: () => void = () => undefined;
  #unwanted = false;
  #closed = false;
  #error: { readonly cause: unknown } | undefined;

  /** @param writers how many write. */
  constructor(private writers: number) {}

  /** Whether the reader left before the end, or somebody cancelled for it. */
  get unwanted(): boolean {
    return this.#unwanted;
  }

  get closed(): boolean {
    return this.#closed;
  }

  cancel(): void {
    this.#unwanted = true;
  }

  push(event: E): void {
    this.#events.push(event);
    this.#wake();
  }

  /** A writer has written its last event; that of the last one closes. */
  end(): void {
    this.writers--;
    if (this.writers === 0) this.close();
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
      if (!this.#closed) this.cancel();
    }
  }
}
