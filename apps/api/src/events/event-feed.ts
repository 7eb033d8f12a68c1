import { setTimeout as sleep } from 'node:timers/promises';
import type { EventRepository } from '@prad/database';
import type { JobEvent } from '@prad/domain';

/** How late a follower may learn of an event. */
const POLL_MS = 400;
const PAGE = 500;

/** A job or an evaluation whose story can be followed. */
export interface Storied {
  readonly id: string;
  readonly events: Pick<EventRepository, 'list' | 'listAfter'>;
  /** Whether all its events are written. */
  readonly hasEnded: () => Promise<boolean>;
}

/**
 * Events after the sequence in their order as they are written, until the end or until the signal is aborted. They come from
 * the rows alone: a follower of any API process sees the same.
 */
export async function* followEvents(
  { id, events, hasEnded }: Storied,
  afterSequence: number,
  signal: AbortSignal,
): AsyncGenerator<JobEvent, void> {
  let last = afterSequence;
  while (!signal.aborted) {
    // Read before the events: those of a job that has ended by now are all written.
    const isOver = await hasEnded();
    const page = await events.listAfter(id, last, PAGE);
    for (const event of page) {
      yield event;
      last = event.sequence;
    }
    if (page.length === PAGE) continue;
    if (isOver) return;
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
