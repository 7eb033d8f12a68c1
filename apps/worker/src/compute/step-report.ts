import { BroadcastChannel } from 'node:worker_threads';

/** The channels between the generation thread and the main thread on which the engine's steps and the reader's runs are told, in batches. */
export const STEP_CHANNEL = 'prad-generation-steps';
export const READING_CHANNEL = 'prad-reading-runs';
const EVERY_MS = 500;

/** Tells the main thread of what was run, twice a second at most: a message per step would cost more than it tells. */
export class StepReport<Facts> {
  readonly #channel: BroadcastChannel;
  #steps: Facts[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(channel: string) {
    this.#channel = new BroadcastChannel(channel);
  }

  add(step: Facts): void {
    this.#steps.push(step);
    this.#timer ??= setTimeout(() => {
      this.#send();
    }, EVERY_MS);
  }

  close(): void {
    this.#send();
    this.#channel.close();
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#steps.length > 0) this.#channel.postMessage(this.#steps);
    this.#steps = [];
  }
}
