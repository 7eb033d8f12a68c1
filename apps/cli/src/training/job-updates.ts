import { setTimeout as sleep } from 'node:timers/promises';
import type { FineTuningEventObject } from '@prad/contracts';
import { AppError } from '@prad/errors';
import type { ApiClient } from '../api/api-client.js';

const RECONNECT_MS = 500;
/** A server that is away for longer than this is given up. */
const RECONNECTS = 60;
const finalStatuses = ['succeeded', 'failed', 'cancelled'];

/**
 * All events of a job until it has ended, across lost connections and restarts of the API.
 * Ends when the signal is aborted.
 */
export async function* jobUpdates(
  client: ApiClient,
  jobId: string,
  signal?: AbortSignal,
): AsyncGenerator<FineTuningEventObject, void> {
  let last = 0;
  for (let failures = 0; !isAborted(signal);) {
    try {
      const job = await client.job(jobId);
      for await (const event of client.followEvents(jobId, last, signal)) {
        yield event;
        last = event.prad.sequence;
        failures = 0;
      }
      if (finalStatuses.includes(job.status)) return;
      if (finalStatuses.includes((await client.job(jobId)).status)) continue;
    } catch (error) {
      if (isAborted(signal)) return;
      if (!mayPass(error) || ++failures > RECONNECTS) throw error;
    }
    await sleep(RECONNECT_MS);
  }
}

/** Reads the flag anew after an await; the compiler would take it for unchanged. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** A connection that broke, or a server that is starting. */
function mayPass(error: unknown): boolean {
  return !(error instanceof AppError) || error.kind === 'unavailable';
}
