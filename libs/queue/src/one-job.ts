import type { Ending } from './handler-host.js';
import type { StoreWorker } from './store.js';

/** Sees to it that a host does one job and no more. */
export class OneJob {
  /** Resolves when that job is done with. */
  readonly ended: Promise<void>;
  #taken = false;
  #end: () => void = () => undefined;

  /** `workers` take the jobs of all names; they pause from the first job on. */
  constructor(private readonly workers: () => readonly StoreWorker[]) {
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** Called for each job that comes: whether it may be done. Two names may each bring one at the same moment. */
  take(): boolean {
    if (this.#taken) return false;
    this.#taken = true;
    for (const worker of this.workers()) void worker.pause(true);
    return true;
  }

  /** A job that another worker still holds was not done: the next one may come. */
  end(ending: Ending): void {
    if (ending !== 'postponed') {
      this.#end();
      return;
    }
    this.#taken = false;
    for (const worker of this.workers()) void worker.resume();
  }
}
