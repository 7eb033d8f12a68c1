import { z } from 'zod';
import { jobSummary } from './job-summary.js';

/** What an operator wants to see first. */
export const overview = z
  .object({
    object: z.literal('overview'),
    created_at: z.number().int(),
    workers: z.object({
      alive: z.number().int(),
      by_role: z.record(z.string(), z.number().int()),
    }),
    queues: z.array(
      z.object({
        name: z.string(),
        paused: z.boolean(),
        waiting: z.number().int(),
        prioritized: z.number().int(),
        delayed: z.number().int(),
        active: z.number().int(),
      }),
    ),
    running: z.array(jobSummary).describe('Fine-tuning jobs under way, at most 20.'),
    tokens_per_second: z.object({
      training: z.number().describe('Of the running jobs at their last step.'),
      generation: z.number().describe('Answered tokens over the last minute.'),
    }),
    failed_last_hour: z.number().int(),
    totals: z.object({
      base_models: z.number().int(),
      adapters: z.number().int(),
      files: z.number().int(),
      jobs: z.number().int(),
    }),
  })
  .meta({ id: 'Overview' });
export type OverviewObject = z.infer<typeof overview>;
