import { z } from 'zod';

const jobs = z.number().int().min(0);

/**
 * Answer of `/internal/scaling/<pool>` for an autoscaler. All figures are jobs and none of them is null: where one
 * cannot be had the answer is 503, so that the autoscaler falls back instead of scaling by a wrong number.
 */
export const scaling = z
  .object({
    pool: z.string().describe('The pool’s roles as asked for, for example `train` or `generate,import`.'),
    waiting: jobs.describe('Not prioritised; those of a paused queue are left out here and in the next two.'),
    prioritized: jobs,
    due: jobs.describe('Delayed attempts that are due within half a minute.'),
    active: jobs.describe('Held by a worker, also by one that was killed; those of a paused queue as well.'),
    unqueued: jobs.describe(
      'Unfinished by their rows, but unknown to the queue: the next worker queues them.',
    ),
    paused: jobs.describe('Left out above because their queue is paused.'),
    needed: jobs.describe('Jobs that want a place: waiting + prioritized + due + active + unqueued.'),
    unclaimed: jobs.describe(
      'Those of `needed` that no living worker holds, for an autoscaler that starts one worker for each job.',
    ),
  })
  .meta({ id: 'Scaling' });
export type ScalingObject = z.infer<typeof scaling>;
