import type { AppError } from '@prad/errors';

export type Delivery =
  | { readonly type: 'event'; readonly event: unknown }
  | { readonly type: 'end' }
  | { readonly type: 'failed'; readonly error: AppError };

/** The reader's end of one stream: what has arrived waits here until it is taken, in order. */
export class StreamInbox {
  readonly #arrived: Delivery[] = [];
  #waiting: ((delivery: Delivery) => void) | undefined;
  #ended = false;

  /** Whether the end or the failure has arrived; nothing comes after it. */
  get ended(): boolean {
    return this.#ended;
  }

  deliver(delivery: Delivery): void {
    if (this.#ended) return;
    this.#ended = delivery.type !== 'event';
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(delivery);
    else this.#arrived.push(delivery);
  }

  /** The next delivery; one caller at a time. */
  async take(): Promise<Delivery> {
    return this.#arrived.shift() ?? new Promise((resolve) => (this.#waiting = resolve));
  }
}
