import { setTimeout as sleep } from 'node:timers/promises';
import type { IQueueBackend } from 'bullmq';

type ReadEvents = IQueueBackend['readEvents'];
type FoundEvents = Awaited<ReturnType<ReadEvents>>;

/** How long an event that was passed over may take to appear. */
const GAP_MS = 200;
const FIRST_RETRY_MS = 5;
/** The first wait for word of an event, and the longest. */
const FIRST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 1_000;
/** Numbers that are passed over at once are other queues' beyond this. */
const LONGEST_GAP = 256;
/** The least time between two reads: events that come close together, as those of each job do, are read together. */
const BETWEEN_READS_MS = 10;
/** Events that BullMQ reads at once. */
const PAGE = 100;

/**
 * BullMQ's `readEvents` on Postgres, with the events that it loses: their numbers are given before their transactions
 * commit, and it goes on behind the highest number it saw, so one that commits after a higher one is never read. Here
 * numbers that were passed over are looked for again, for a while: a transaction may have been rolled back, and all
 * queues count with one sequence. Word of an event that comes between BullMQ's look and its wait is lost as well, so the
 * waits begin short and double while there is silence.
 */
export function withoutGaps(read: ReadEvents): ReadEvents {
  const seen = new SeenEvents();
  let wait = FIRST_WAIT_MS;
  let readAt = -Infinity;
  return async (id, blockTimeout) => {
    for (let pause = FIRST_RETRY_MS; ; pause *= 2) {
      const early = readAt + BETWEEN_READS_MS - performance.now();
      if (early > 0) await sleep(early);
      readAt = performance.now();
      const found = await read(seen.cursor ?? id, Math.min(blockTimeout, wait));
      const fresh = found && seen.fresh(found);
      wait = fresh ? FIRST_WAIT_MS : Math.min(2 * wait, LONGEST_WAIT_MS);
      if (!found || fresh) return fresh;
      await sleep(pause);
    }
  };
}

/** Which events were read, by their numbers. */
class SeenEvents {
  #highest: number | undefined;
  /** Numbers below the highest that were passed over, and when. */
  readonly #missing = new Map<number, number>();
  /** Those that were read behind the first that is missing. */
  readonly #read = new Set<number>();

  /** What to read behind; undefined before the first event. */
  get cursor(): string | undefined {
    const now = performance.now();
    for (const [number, since] of this.#missing) if (now - since > GAP_MS) this.#missing.delete(number);
    const first = Math.min(...this.#missing.keys());
    for (const number of this.#read) if (number < first) this.#read.delete(number);
    return this.#highest === undefined ? undefined : String(Math.min(first - 1, this.#highest));
  }

  /** Those that were not read before. */
  fresh(found: NonNullable<FoundEvents>): FoundEvents {
    const pages = found.map(([stream, events]) => {
      const fresh = events.filter(([id]) => this.#take(Number(id)));
      // What is new lies behind a page of what is known.
      if (fresh.length === 0 && events.length >= PAGE) this.#missing.clear();
      return [stream, fresh] as (typeof found)[number];
    });
    return pages.some(([, events]) => events.length > 0) ? pages : null;
  }

  #take(number: number): boolean {
    const highest = this.#highest ?? number - 1;
    if (number > highest) {
      const first = Math.max(highest + 1, number - LONGEST_GAP);
      for (let passed = first; passed < number; passed++) this.#missing.set(passed, performance.now());
      this.#highest = number;
    } else if (this.#read.has(number)) return false;
    this.#missing.delete(number);
    this.#read.add(number);
    return true;
  }
}
