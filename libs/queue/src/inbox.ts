import type { EventBatch } from './event-log.js';

/** What a reader can learn about its job. */
export type StreamNews =
  | { readonly kind: 'batch'; readonly batch: EventBatch }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'silence' };

/** News of one job for one reader, kept until the reader takes them. */
export class Inbox {
  private readonly news: StreamNews[] = [];
  private heardAt = performance.now();
  private wake: (() => void) | undefined;
  private readonly onAbort = () => this.wake?.();

  constructor(private readonly signal?: AbortSignal) {
    signal?.addEventListener('abort', this.onAbort);
  }

  put(news: StreamNews): void {
    this.news.push(news);
    this.heardAt = performance.now();
    this.wake?.();
  }

  /** Whether nothing came for so long. */
  isSilent(milliseconds: number): boolean {
    return performance.now() - this.heardAt >= milliseconds;
  }

  /** The oldest news, waiting up to the given time for some; `silence` when none came or the signal was aborted. */
  async take(milliseconds: number): Promise<StreamNews> {
    if (this.news.length === 0 && this.signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wake = undefined;
    }
    return this.news.shift() ?? { kind: 'silence' };
  }

  close(): void {
    this.signal?.removeEventListener('abort', this.onAbort);
  }
}
