import { z } from 'zod';

/** A worker process that reported itself lately. */
export const worker = z
  .object({
    id: z.string(),
    object: z.literal('worker'),
    roles: z.array(z.string()),
    device: z.string(),
    host: z.string(),
    pid: z.number().int(),
    slots: z.number().int().describe('Sequences that it generates at once.'),
    current_work: z.array(z.string()).describe('Ids of jobs.'),
    memory_bytes: z.number().int(),
    started_at: z.number().int(),
    heartbeat_at: z.number().int(),
  })
  .meta({ id: 'Worker' });
export type WorkerObject = z.infer<typeof worker>;

export const workerList = z
  .object({ object: z.literal('list'), data: z.array(worker) })
  .meta({ id: 'WorkerList' });
