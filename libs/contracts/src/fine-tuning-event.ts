import { z } from 'zod';
import { eventFields } from './event.js';
import { listOf } from './pagination.js';

/** One line of a job's story. */
export const fineTuningEvent = z
  .object({
    ...eventFields,
    object: z.literal('fine_tuning.job.event'),
    type: z.enum(['message', 'metrics']),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'FineTuningEvent' });
export type FineTuningEventObject = z.infer<typeof fineTuningEvent>;

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
