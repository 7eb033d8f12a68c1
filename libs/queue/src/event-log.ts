import { z } from 'zod';

/**
 * One write of a job's stream: consecutive events and the number of the first, counted from 1.
 * It is appended to the job's log, which is the stream's memory, and sent as the job's progress, which wakes readers.
 */
export interface EventBatch {
  readonly first: number;
  readonly events: readonly unknown[];
}

const batch = z.object({ first: z.number().int().min(1), events: z.array(z.unknown()) });

export function encodeBatch(value: EventBatch): string {
  return JSON.stringify(value);
}

export function decodeBatch(text: string): EventBatch {
  return batch.parse(JSON.parse(text));
}

/** The batch in a progress value, or undefined for a progress that is none. */
export function batchOfProgress(progress: unknown): EventBatch | undefined {
  const result = batch.safeParse(progress);
  return result.success ? result.data : undefined;
}
