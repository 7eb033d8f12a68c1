import { z } from 'zod';
import { listQuery } from './pagination.js';

/** What every line of a story has; each is also the data of a server-sent event, whose id is the sequence. */
export const eventFields = {
  id: z.string(),
  created_at: z.number().int(),
  level: z.enum(['info', 'warn', 'error']),
  message: z.string(),
  prad: z.object({ sequence: z.number().int().describe('1, 2, 3, ... within the job or evaluation.') }),
};

export const eventQuery = listQuery.extend({
  stream: z
    .enum(['true', 'false'])
    .optional()
    .describe(
      'true: server-sent events from the first (or from Last-Event-ID) until the end of what is followed.',
    ),
});
export type EventQuery = z.infer<typeof eventQuery>;
