import { setTimeout as sleep } from 'node:timers/promises';
import type { EvaluationEventObject, FineTuningEventObject } from '@prad/contracts';
import { AppError } from '@prad/errors';
import type { ApiClient } from './api-client.js';

const RECONNECT_MS = 500;
/** A server that is away for longer than this is given up. */
const RECONNECTS = 60;
const finalStatuses = ['succeeded', 'failed', 'cancelled'];

/** All events of a fine-tuning job until it has ended, across lost connections and restarts of the API. */
export function jobUpdates(
  client: ApiClient,
  id: string,
  signal?: AbortSignal,
): AsyncGenerator<FineTuningEventObject, void> {
  const status = async () => (await client.job(id)).status;
  return eventUpdates(status, (after) => client.followJob(id, after, signal), signal);
}

/** As `jobUpdates`, of an evaluation. */
export function evaluationUpdates(
  client: ApiClient,
  id: string,
  signal?: AbortSignal,
): AsyncGenerator<EvaluationEventObject, void> {
  const status = async () => (await client.evaluation(id)).status;
  return eventUpdates(status, (after) => client.followEvaluation(id, after, signal), signal);
}

/** @param follow the events after a sequence. The updates end when the signal is aborted. */
async function* eventUpdates<Event extends { readonly prad: { readonly sequence: number } }>(
  status: () => Promise<string>,
  follow: (afterSequence: number) => AsyncGenerator<Event, void>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Event, void> {
  let last = 0;
  for (let failures = 0; !isAborted(signal);) {
    try {
      const before = await status();
      for await (const event of follow(last)) {
        yield event;
        last = event.prad.sequence;
        failures = 0;
      }
      if (finalStatuses.includes(before)) return;
      if (finalStatuses.includes(await status())) continue;
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
