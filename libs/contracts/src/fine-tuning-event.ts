import { z } from 'zod';
import { listOf, listQuery } from './pagination.js';

/** One line of a job's story; also the data of each server-sent event, whose id is the sequence. */
export const fineTuningEvent = z
  .object({
    id: z.string(),
    object: z.literal('fine_tuning.job.event'),
    created_at: z.number().int(),
    level: z.enum(['info', 'warn', 'error']),
    message: z.string(),
    type: z.enum(['message', 'metrics']),
    data: z.record(z.string(), z.unknown()),
    prad: z.object({ sequence: z.number().int().describe('1, 2, 3, ... within the job.') }),
  })
  .meta({ id: 'FineTuningEvent' });
export type FineTuningEventObject = z.infer<typeof fineTuningEvent>;

export const fineTuningEventQuery = listQuery.extend({
  stream: z
    .enum(['true', 'false'])
    .optional()
    .describe('true: server-sent events from the first (or from Last-Event-ID) until the job has ended.'),
});
export type FineTuningEventQuery = z.infer<typeof fineTuningEventQuery>;

export const fineTuningEventList = listOf(fineTuningEvent, 'FineTuningEventList');

export const fineTuningCheckpoint = z
  .object({
    id: z.string(),
    object: z.literal('fine_tuning.job.checkpoint'),
    created_at: z.number().int(),
    fine_tuning_job_id: z.string(),
    fine_tuned_model_checkpoint: z.string(),
    step_number: z.number().int(),
    metrics: z.object({
      step: z.number().int(),
      train_loss: z.number().optional(),
      valid_loss: z.number().optional(),
    }),
    prad: z.object({ digest: z.string(), bytes: z.number().int() }),
  })
  .meta({ id: 'FineTuningCheckpoint' });
export type FineTuningCheckpointObject = z.infer<typeof fineTuningCheckpoint>;

export const fineTuningCheckpointList = listOf(fineTuningCheckpoint, 'FineTuningCheckpointList');
