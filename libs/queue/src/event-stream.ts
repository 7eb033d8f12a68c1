import { AppError } from '@prad/errors';
import { jobCatalogue, type JobDefinition, type JobName, type JobStreamEvent } from './catalogue.js';
import { withDeadline } from './deadline.js';
import { batchOfProgress, decodeBatch, type EventBatch } from './event-log.js';
import { decodeFailure } from './failure.js';
import { Inbox, type StreamNews } from './inbox.js';
import { openQueue, openQueueEvents, type QueueStore, type StoreEvents, type StoreQueue } from './store.js';

/** An event and its number in the job's stream, counted from 1. */
export interface Sequenced<Event> {
  readonly sequence: number;
  readonly event: Event;
}

export interface ReadOptions {
  /** Events up to this number are left out; 0 by default. */
  readonly afterSequence?: number;
  /** Ends the reading, without an error, when aborted. */
  readonly signal?: AbortSignal;
  /** False for a job whose handler streams nothing, so that its log need not be read; true by default. */
  readonly streams?: boolean;
  /** Whether the job was added at this moment, so that nothing is in its log yet. */
  readonly fresh?: boolean;
}

export interface EventStreamOptions {
  /** Hears of lost connections, which BullMQ repairs by itself, and of looks at the rows that failed. */
  readonly onError: (error: Error) => void;
  /** Those of the jobs whose rows have reached their ends; asked of all of whom nothing was heard for a while. */
  readonly settled: (jobIds: readonly string[]) => Promise<readonly string[]>;
}

/** How long silence is trusted before the rows of all silent jobs are looked at together, and before a reader looks at the queue. */
const ROW_LOOK_MS = 1_000;
const QUEUE_LOOK_MS = 5_000;
const ANSWER_MS = 5_000;
/** A job that neither its queue nor its row knows as finished is given up after so many looks a second apart. */
const MISSING_LOOKS = 5;

/**
 * The events that handlers stream, for any number of readers in this process.
 * A read may start before, during or after the job; what was written before comes from the job's log, what follows
 * from the queue's events, and a batch that got lost on the way from the log again.
 */
export class EventStream<Name extends JobName> {
  private readonly queue: StoreQueue;
  private readonly queueEvents: StoreEvents;
  private readonly inboxes = new Map<string, Set<Inbox>>();
  private readonly definition: JobDefinition;
  private looking: NodeJS.Timeout | undefined;

  constructor(
    store: QueueStore,
    name: Name,
    private readonly options: EventStreamOptions,
  ) {
    const { onError } = options;
    this.definition = jobCatalogue[name];
    this.queue = openQueue(store, name);
    this.queueEvents = openQueueEvents(store, name);
    this.queue.on('error', onError);
    this.queueEvents.on('error', onError);
    this.queueEvents.on('progress', ({ jobId, data }) => {
      const batch = batchOfProgress(data);
      if (batch !== undefined) this.tell(jobId, { kind: 'batch', batch });
    });
    this.queueEvents.on('completed', ({ jobId }) => {
      this.tell(jobId, { kind: 'ended' });
    });
    this.queueEvents.on('failed', ({ jobId, failedReason }) => {
      this.tell(jobId, { kind: 'failed', reason: failedReason });
    });
  }

  /** Resolves when events of jobs that start from now on are heard without delay. */
  async ready(): Promise<void> {
    await this.queueEvents.waitUntilReady();
    await this.queue.waitUntilReady();
  }

  /**
   * The job's events in order, without gaps and without repeats, until it has ended. What is yielded may be less than
   * everything when the store lost events: the row has the whole result.
   * Throws the handler's error when the job has failed for good.
   */
  async *read(jobId: string, options: ReadOptions): AsyncGenerator<Sequenced<JobStreamEvent<Name>>, void> {
    const inbox = this.subscribe(jobId, options.signal);
    try {
      yield* this.follow(jobId, inbox, options);
    } finally {
      this.unsubscribe(jobId, inbox);
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.looking);
    for (const inboxes of this.inboxes.values()) {
      for (const inbox of inboxes) inbox.put({ kind: 'ended' });
    }
    await Promise.all([this.queueEvents.close(), this.queue.close()]);
  }

  private async *follow(
    jobId: string,
    inbox: Inbox,
    options: ReadOptions,
  ): AsyncGenerator<Sequenced<JobStreamEvent<Name>>, void> {
    let next = (options.afterSequence ?? 0) + 1;
    let logged = 0;
    let missing = 0;
    const { streams = true, fresh = false } = options;
    let news: StreamNews = fresh ? await inbox.take(QUEUE_LOOK_MS) : { kind: 'silence' };
    for (;;) {
      let batches: readonly EventBatch[] = [];
      if (news.kind === 'batch' && news.batch.first <= next) {
        batches = [news.batch];
      } else if (streams) {
        batches = await this.loggedSince(jobId, logged);
        logged += batches.length;
      }
      for (const batch of batches) {
        for (const item of this.fresh(batch, next)) {
          yield item;
          next = item.sequence + 1;
        }
      }
      if (news.kind === 'failed') throw decodeFailure(news.reason);
      if (news.kind === 'ended' || options.signal?.aborted === true) return;
      if (news.kind === 'silence') {
        const found = await this.look(jobId);
        missing = found === 'missing' ? missing + 1 : 0;
        if (missing >= MISSING_LOOKS) throw jobLost(jobId);
        if (found === 'ended') {
          news = { kind: 'ended' };
          continue;
        }
      }
      news = await inbox.take(missing > 0 ? ROW_LOOK_MS : QUEUE_LOOK_MS);
    }
  }

  /** The batch's events from number `next` on; none when events before them are missing. */
  private *fresh(batch: EventBatch, next: number): Generator<Sequenced<JobStreamEvent<Name>>> {
    if (batch.first > next) return;
    for (const [index, event] of batch.events.entries()) {
      const sequence = batch.first + index;
      if (sequence < next) continue;
      yield { sequence, event: this.definition.event.parse(event) as JobStreamEvent<Name> };
    }
  }

  private async loggedSince(jobId: string, start: number): Promise<readonly EventBatch[]> {
    const { logs } = await withDeadline(this.queue.getJobLogs(jobId, start), ANSWER_MS, 'reading events');
    return logs.map(decodeBatch);
  }

  /** Looks at the rows of all jobs of which nothing was heard, again and again while there are readers. */
  private async lookAtRows(): Promise<void> {
    const silent = [...this.inboxes]
      .filter(([, inboxes]) => [...inboxes].some((inbox) => inbox.isSilent(ROW_LOOK_MS)))
      .map(([jobId]) => jobId);
    try {
      const settled = silent.length > 0 ? await this.options.settled(silent) : [];
      for (const jobId of settled) this.tell(jobId, { kind: 'ended' });
    } catch (error) {
      this.options.onError(error instanceof Error ? error : new Error(String(error)));
    }
    this.looking = undefined;
    if (this.inboxes.size > 0) this.lookLater();
  }

  private lookLater(): void {
    this.looking ??= setTimeout(() => void this.lookAtRows(), ROW_LOOK_MS);
  }

  private async look(jobId: string): Promise<'running' | 'ended' | 'missing'> {
    const state = await withDeadline(this.queue.getJobState(jobId), ANSWER_MS, 'reading a job');
    if (state === 'failed') {
      // Read after the state: a job that was read before it failed has no reason yet.
      const job = await withDeadline(this.queue.getJob(jobId), ANSWER_MS, 'reading a job');
      throw decodeFailure(job?.failedReason ?? 'failed without a reason');
    }
    if (state === 'completed' || (await this.options.settled([jobId])).length > 0) return 'ended';
    return state === 'unknown' ? 'missing' : 'running';
  }

  private subscribe(jobId: string, signal: AbortSignal | undefined): Inbox {
    const inbox = new Inbox(signal);
    const inboxes = this.inboxes.get(jobId) ?? new Set();
    this.inboxes.set(jobId, inboxes.add(inbox));
    this.lookLater();
    return inbox;
  }

  private unsubscribe(jobId: string, inbox: Inbox): void {
    inbox.close();
    const inboxes = this.inboxes.get(jobId);
    inboxes?.delete(inbox);
    if (inboxes?.size === 0) this.inboxes.delete(jobId);
  }

  private tell(jobId: string, news: StreamNews): void {
    for (const inbox of this.inboxes.get(jobId) ?? []) inbox.put(news);
  }
}

function jobLost(jobId: string): AppError {
  return new AppError({
    kind: 'unavailable',
    code: 'job_lost',
    message: `job ${jobId} is no longer in the queue and has no result: submit it again`,
  });
}
