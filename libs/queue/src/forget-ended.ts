import type { JobDefinition } from './catalogue.js';
import type { StoreQueue } from './store.js';

/** Removes jobs that ended longer ago than the queue keeps them, or before as many others as it keeps of each end. */
export async function forgetEnded(
  queue: StoreQueue,
  { count, seconds }: JobDefinition['keep'],
): Promise<void> {
  for (const state of ['completed', 'failed'] as const) {
    const [newestExtra] = await queue.getJobs([state], count, count);
    const age = newestExtra?.finishedOn === undefined ? Infinity : Date.now() - newestExtra.finishedOn;
    await queue.clean(Math.min(age, seconds * 1000), 0, state);
  }
}
