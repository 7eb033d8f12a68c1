import {
  jobCatalogue,
  jobNames,
  queueJobId,
  type JobDefinition,
  type JobName,
  type JobPayload,
} from './catalogue.js';
import { withDeadline } from './deadline.js';
import { openQueue, type QueueStore, type StoreQueue } from './store.js';

/** Number of jobs by state. */
export interface QueueDepth {
  readonly waiting: number;
  readonly prioritized: number;
  readonly delayed: number;
  readonly active: number;
  readonly failed: number;
}

const ANSWER_MS = 5_000;

/** Adds jobs of the catalogue to their queues. */
export class JobProducer {
  private readonly queues: ReadonlyMap<JobName, StoreQueue>;

  /** `onError` hears of lost connections, which BullMQ repairs by itself. */
  constructor(store: QueueStore, onError: (error: Error) => void) {
    this.queues = new Map(jobNames.map((name) => [name, openQueue(store, name)]));
    for (const queue of this.queues.values()) queue.on('error', onError);
  }

  /** Adds the job unless one with the same id is known. Throws `unavailable` when the store does not answer. */
  async add<Name extends JobName>(name: Name, payload: JobPayload<Name>): Promise<void> {
    const definition: JobDefinition = jobCatalogue[name];
    const { attempts, backoffMs, keep } = definition;
    const retention = keep.count === 0 ? true : { count: keep.count, age: keep.seconds };
    const added = this.queue(name).add(name, definition.payload.parse(payload), {
      jobId: queueJobId(name, payload),
      attempts,
      backoff: { type: 'exponential', delay: backoffMs },
      removeOnComplete: retention,
      removeOnFail: retention,
    });
    await withDeadline(added, ANSWER_MS, `adding a ${name} job`);
  }

  async depth(name: JobName): Promise<QueueDepth> {
    const counting = this.queue(name).getJobCounts('wait', 'prioritized', 'delayed', 'active', 'failed');
    const counts = await withDeadline(counting, ANSWER_MS, `counting ${name} jobs`);
    return {
      waiting: counts['wait'] ?? 0,
      prioritized: counts['prioritized'] ?? 0,
      delayed: counts['delayed'] ?? 0,
      active: counts['active'] ?? 0,
      failed: counts['failed'] ?? 0,
    };
  }

  /** Resolves when the store answers; throws `unavailable` otherwise. */
  async check(): Promise<void> {
    await this.depth('train');
  }

  async close(): Promise<void> {
    await Promise.all([...this.queues.values()].map((queue) => queue.close()));
  }

  private queue(name: JobName): StoreQueue {
    const queue = this.queues.get(name);
    if (queue === undefined) throw new TypeError(`no queue ${name}`);
    return queue;
  }
}
