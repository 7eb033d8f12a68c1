import { setTimeout as sleep } from 'node:timers/promises';

const INTERVAL_MS = 20;

/** Asks again and again until the answer is not undefined; undefined when the time in milliseconds is over. */
export async function poll<T>(withinMs: number, ask: () => Promise<T | undefined>): Promise<T | undefined> {
  const end = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || Date.now() >= end) return answer;
    await sleep(INTERVAL_MS);
  }
}
