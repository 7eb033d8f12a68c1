import type { GenerationRequest } from '@prad/queue';

/** The fields of every request to a model that say when it is answered. */
export interface SchedulingRequest {
  readonly priority?: number | null | undefined;
  readonly timeout_seconds?: number | null | undefined;
}

/** Fills in the defaults. */
export function schedulingOf({
  priority,
  timeout_seconds: timeout,
}: SchedulingRequest): Pick<GenerationRequest, 'priority' | 'timeoutMs'> {
  return { priority: priority ?? 0, timeoutMs: timeout ? Math.max(1, 1000 * timeout) : null };
}
