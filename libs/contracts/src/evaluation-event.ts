import { z } from 'zod';
import { eventFields } from './event.js';
import { listOf } from './pagination.js';

/** How far one model of an evaluation is. */
const evaluationStanding = z
  .object({
    place: z.number().int().describe('0, 1, 2, ... in the order in which the models were named.'),
    model: z.string(),
    status: z.enum(['waiting', 'running', 'finished']),
    done: z
      .number()
      .int()
      .describe('Samples that it has answered; never falls, whatever happens to workers.'),
    total: z.number().int(),
    shards_done: z.number().int().describe('Requests to the workers that are answered.'),
    shards: z.number().int(),
    rows_per_second: z
      .number()
      .nullable()
      .describe('Answers a second since its first request; null where none is measured.'),
    scores: z
      .record(z.string(), z.number())
      .nullable()
      .describe('By metric, once it has finished; intervals and comparisons come with the result.'),
  })
  .meta({ id: 'EvaluationStanding' });
export type EvaluationStandingObject = z.infer<typeof evaluationStanding>;

const event = { ...eventFields, object: z.literal('evaluation.event') };

/** One line of an evaluation's story: how far a model is, or anything else. */
export const evaluationEvent = z
  .discriminatedUnion('type', [
    z.object({ ...event, type: z.literal('metrics'), data: evaluationStanding }),
    z.object({
      ...event,
      type: z.literal('message'),
      data: z.object({
        status: z.enum(['succeeded', 'failed', 'cancelled']).optional().describe('Of the last event.'),
        code: z.string().optional().describe('Of the error of one that failed.'),
        attempt: z.number().int().optional().describe('1 for the first worker that took it up.'),
        samples: z.number().int().optional(),
      }),
    }),
  ])
  .meta({ id: 'EvaluationEvent' });
export type EvaluationEventObject = z.infer<typeof evaluationEvent>;

export const evaluationEventList = listOf(evaluationEvent, 'EvaluationEventList');
