import type { FineTuningJobRepository } from '@prad/database';
import type { JobProducer } from '@prad/queue';
import type { WorkerLog } from '../worker-log.js';

const EVERY_MS = 30_000;
const AT_ONCE = 100;

/**
 * Makes sure that the queue knows of every job that waits in the rows, after the queue's store was lost or an API died
 * between the row and the queue. A job that the queue knows already is left alone.
 */
export class Requeue {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly jobs: FineTuningJobRepository,
    private readonly producer: JobProducer,
    private readonly log: WorkerLog,
  ) {}

  start(): void {
    this.#running = this.#requeue();
    this.#timer = setInterval(() => {
      this.#running = this.#requeue();
    }, EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #requeue(): Promise<void> {
    try {
      for (const fineTuningJobId of await this.jobs.claimable(AT_ONCE)) {
        await this.producer.add('train', { fineTuningJobId });
      }
    } catch (error) {
      this.log.warn({ err: error }, 'waiting jobs could not be compared with the queue');
    }
  }
}
