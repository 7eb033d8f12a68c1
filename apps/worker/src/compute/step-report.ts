import type { StepFacts } from '@prad/generation';
import { BroadcastChannel } from 'node:worker_threads';

/** The channel between the generation thread and the main thread that steps are told on, in batches. */
export const STEP_CHANNEL = 'prad-generation-steps';
const EVERY_MS = 500;

/** Tells the main thread of the engine's steps, twice a second at most: a message per step would cost more than it tells. */
export class StepReport {
  readonly #channel = new BroadcastChannel(STEP_CHANNEL);
  #steps: StepFacts[] = [];
  #timer: NodeJS.Timeout | undefined;

  add(step: StepFacts): void {
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
