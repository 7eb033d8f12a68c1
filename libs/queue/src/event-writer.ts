import type { Job } from 'bullmq';
import { withDeadline } from './deadline.js';
import { encodeBatch, type EventBatch } from './event-log.js';

/** Pause between two writes of one stream: tokens that come faster share a write. */
export const WRITE_INTERVAL_MS = 25;
const CLOSE_MS = 2_000;

type StreamTarget = Pick<Job, 'log' | 'updateProgress'>;

/**
 * Writes a job's events in batches: the first at once, further ones at most every WRITE_INTERVAL_MS.
 * A job that is tried again starts at 1 again; readers keep what they have seen, so a handler must repeat its events.
 */
export class EventWriter {
  private buffer: readonly unknown[] = [];
  private next = 1;
  private writing: Promise<void> | undefined;
  private closed = false;
  private wake: (() => void) | undefined;

  constructor(
    private readonly target: StreamTarget,
    private readonly onError: (error: unknown) => void,
  ) {}

  append(events: readonly unknown[]): void {
    if (this.closed || events.length === 0) return;
    this.buffer = [...this.buffer, ...events];
    this.writing ??= this.writeAll();
  }

  /** Writes what is buffered, within CLOSE_MS; later events are dropped. Never fails: see `JobContext.stream`. */
  async close(): Promise<void> {
    this.closed = true;
    this.wake?.();
    try {
      await withDeadline(this.writing ?? Promise.resolve(), CLOSE_MS, 'writing the last events');
    } catch (error) {
      this.onError(error);
    }
  }

  private async writeAll(): Promise<void> {
    while (this.buffer.length > 0) {
      const written = await this.write();
      if (this.closed && !written) break;
      if (!this.isClosed()) await this.pause();
    }
    this.writing = undefined;
  }

  /** Reads the flag anew after an await; the compiler would take it for unchanged. */
  private isClosed(): boolean {
    return this.closed;
  }

  private async write(): Promise<boolean> {
    const batch: EventBatch = { first: this.next, events: this.buffer };
    this.buffer = [];
    try {
      await this.target.log(encodeBatch(batch));
      await this.target.updateProgress({ ...batch });
      this.next = batch.first + batch.events.length;
      return true;
    } catch (error) {
      // Put back, so that the stream has no gap: readers ignore what they get twice.
      this.buffer = [...batch.events, ...this.buffer];
      this.onError(error);
      return false;
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, WRITE_INTERVAL_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
