import type { JobType } from 'bullmq';
import {
  jobCatalogue,
  jobNames,
  queueJobId,
  type JobDefinition,
  type JobName,
  type JobPayload,
} from './catalogue.js';
import { withDeadline } from './deadline.js';
import { forgetEnded } from './forget-ended.js';
import { openFlows, openQueue, type QueueStore, type StoreFlows, type StoreQueue } from './store.js';

/** Number of jobs by state: a job is in one of them, and those of `prioritized` are not in `waiting`. */
export interface QueueDepth {
  readonly waiting: number;
  readonly prioritized: number;
  /** Attempts that come later: postponed jobs, and failed ones between two tries. */
  readonly delayed: number;
  readonly active: number;
  readonly failed: number;
}

const ANSWER_MS = 5_000;
/** On Postgres the waiting jobs of a paused queue count as `paused`, a state that BullMQ's types leave out. */
const states = ['wait', 'paused' as JobType, 'prioritized', 'delayed', 'active', 'failed'] as const;

/** When a job is taken: those of a lower priority first, then those of a lower turn, then in the order of adding. */
export interface JobOrder {
  /** From -100 to 100. */
  readonly priority?: number;
  /** Of the job among those of its priority, counted on without end. */
  readonly turn?: number;
  /** The turn of that priority that is served at this moment. */
  readonly virtualTime?: number;
}

/** What came of a job that the queue should know: it was added, it stood elsewhere, or all was well. */
export type Restored = 'added' | 'moved' | 'kept';

/** BullMQ has one number, from 1 to 2^21: as many turns for each priority; further ones wait in their order alone. */
const TURNS = 10_000;
const LOWEST = 101;

/** The turn from which places are counted: jobs stand right beside those that have the same. */
export function firstTurn(virtualTime: number): number {
  return virtualTime - (virtualTime % (TURNS / 2));
}

function placeOf({ priority = 0, turn = 0, virtualTime = 0 }: JobOrder): number {
  const place = Math.max(turn - firstTurn(virtualTime), 0);
  return (LOWEST + priority) * TURNS + Math.min(place, TURNS - 1);
}

/** A job as BullMQ takes it. */
function jobOf<Name extends JobName>(name: Name, payload: JobPayload<Name>, order: JobOrder = {}) {
  const definition: JobDefinition = jobCatalogue[name];
  const { attempts, backoffMs, keep } = definition;
  // Else by `forgetEnded`: on Postgres BullMQ would look through all ended jobs at each job's end.
  const forgotten = keep.count === 0;
  const opts = {
    jobId: queueJobId(name, payload),
    ...(definition.prioritised && { priority: placeOf(order) }),
    attempts,
    backoff: { type: 'exponential', delay: backoffMs },
    removeOnComplete: forgotten,
    removeOnFail: forgotten,
  };
  return { data: definition.payload.parse(payload), opts };
}

/** Adds jobs of the catalogue to their queues. */
export class JobProducer {
  private readonly queues: ReadonlyMap<JobName, StoreQueue>;
  private readonly flows: StoreFlows;

  /** `onError` hears of lost connections, which BullMQ repairs by itself. */
  constructor(store: QueueStore, onError: (error: Error) => void) {
    this.queues = new Map(jobNames.map((name) => [name, openQueue(store, name)]));
    for (const queue of this.queues.values()) queue.on('error', onError);
    this.flows = openFlows(store);
    this.flows.on('error', onError);
  }

  /** Adds the job unless one with the same id is known. Throws `unavailable` when the store does not answer. */
  async add<Name extends JobName>(
    name: Name,
    payload: JobPayload<Name>,
    order: JobOrder = {},
  ): Promise<void> {
    const { data, opts } = jobOf(name, payload, order);
    await withDeadline(this.queue(name).add(name, data, opts), ANSWER_MS, `adding a ${name} job`);
  }

  /**
   * Adds the jobs and one that the queue holds back until the last of them has ended, in whatever way: all of them or
   * none. Throws as `add`.
   */
  async addAfter<Name extends JobName, First extends JobName>(
    [name, payload]: readonly [Name, JobPayload<Name>],
    [first, payloads]: readonly [First, readonly (readonly [JobPayload<First>, JobOrder])[]],
  ): Promise<void> {
    const children = payloads.map(([each, order]) => {
      const { data, opts } = jobOf(first, each, order);
      return { name: first, queueName: first, data, opts: { ...opts, ignoreDependencyOnFailure: true } };
    });
    const added = this.flows.add({ name, queueName: name, ...jobOf(name, payload), children });
    await withDeadline(added, ANSWER_MS, `adding a ${name} job and what it waits for`);
  }

  /**
   * Adds a job whose row waits, where the queue does not know it or takes it for ended because its end never reached the
   * row, and moves one that does not stand where the order says. Throws as `add`.
   */
  async restore<Name extends JobName>(
    name: Name,
    payload: JobPayload<Name>,
    order: JobOrder = {},
  ): Promise<Restored> {
    const what = `looking for a ${name} job`;
    const known = await withDeadline(this.queue(name).getJob(queueJobId(name, payload)), ANSWER_MS, what);
    if (known !== undefined) {
      const state = await withDeadline(known.getState(), ANSWER_MS, what);
      const priority = placeOf(order);
      if (state === 'prioritized' && known.priority !== priority) {
        await withDeadline(known.changePriority({ priority }), ANSWER_MS, `moving a ${name} job`);
        return 'moved';
      }
      if (state !== 'completed' && state !== 'failed') return 'kept';
      await withDeadline(known.remove(), ANSWER_MS, `removing an ended ${name} job`);
    }
    await this.add(name, payload, order);
    return 'added';
  }

  /** Has the queues forget jobs that ended before those which the catalogue has them keep. Throws as `depth`. */
  async forgetEnded(): Promise<void> {
    for (const [name, queue] of this.queues) {
      const { keep } = jobCatalogue[name];
      if (keep.count > 0)
        await withDeadline(forgetEnded(queue, keep), ANSWER_MS, `forgetting ended ${name} jobs`);
    }
  }

  /** The same on a paused queue, whose jobs wait like others. Throws `unavailable` when the store does not answer. */
  async depth(name: JobName): Promise<QueueDepth> {
    const counting = this.queue(name).getJobCounts(...states);
    const counts = await withDeadline(counting, ANSWER_MS, `counting ${name} jobs`);
    return {
      waiting: (counts['wait'] ?? 0) + (counts['paused'] ?? 0),
      prioritized: counts['prioritized'] ?? 0,
      delayed: counts['delayed'] ?? 0,
      active: counts['active'] ?? 0,
      failed: counts['failed'] ?? 0,
    };
  }

  /** How many of the delayed jobs are due within the given time. Throws as `depth`. */
  async dueWithin(name: JobName, milliseconds: number): Promise<number> {
    const counting = this.queue(name).getDelayedCount(Date.now() + milliseconds);
    return withDeadline(counting, ANSWER_MS, `counting delayed ${name} jobs`);
  }

  /** Whether workers take no jobs off the queue for now. Throws as `depth`. */
  async isPaused(name: JobName): Promise<boolean> {
    return withDeadline(this.queue(name).isPaused(), ANSWER_MS, `asking whether ${name} is paused`);
  }

  /** Resolves when the store answers; throws `unavailable` otherwise. */
  async check(): Promise<void> {
    await this.depth('train');
  }

  async close(): Promise<void> {
    await Promise.all([this.flows.close(), ...[...this.queues.values()].map((queue) => queue.close())]);
  }

  private queue(name: JobName): StoreQueue {
    const queue = this.queues.get(name);
    if (queue === undefined) throw new TypeError(`no queue ${name}`);
    return queue;
  }
}
