import { setTimeout as sleep } from 'node:timers/promises';
import type { HandlerHost, JobName, JobProducer } from '@prad/queue';
import type { WorkerLog } from './worker-log.js';

/** How long a worker for one job waits for it; .env.example tells. */
const IDLE_MS = 5_000;
const LOOK_MS = 500;

/** Tells when a worker that does one job may end: that job has ended, or there is none. */
export class OneJobWatch {
  constructor(
    private readonly host: HandlerHost,
    private readonly producer: JobProducer,
    private readonly roles: readonly JobName[],
    private readonly log: WorkerLog,
  ) {}

  /** Why, for the log. */
  async ended(): Promise<string> {
    const stop = new AbortController();
    try {
      return await Promise.race([
        this.host.oneEnded.then(() => 'the one job has ended'),
        this.#idle(stop.signal),
      ]);
    } finally {
      stop.abort();
    }
  }

  /** Looks into the queue once nothing came by itself: a job that waits, or comes back soon, is still taken. */
  async #idle(signal: AbortSignal): Promise<string> {
    let since = Date.now();
    for (;;) {
      await sleep(LOOK_MS, undefined, { signal });
      if (this.host.activeJobs.length > 0) since = Date.now();
      if (Date.now() - since < IDLE_MS) continue;
      if (!(await this.#workWaits())) return 'there is no job';
    }
  }

  async #workWaits(): Promise<boolean> {
    try {
      return (await Promise.all(this.roles.map((role) => this.#waits(role)))).includes(true);
    } catch (error) {
      this.log.warn({ err: error }, 'the queue could not be asked for jobs');
      return true;
    }
  }

  async #waits(role: JobName): Promise<boolean> {
    if (await this.producer.isPaused(role)) return false;
    const { waiting, prioritized } = await this.producer.depth(role);
    return waiting + prioritized + (await this.producer.dueWithin(role, IDLE_MS)) > 0;
  }
}
