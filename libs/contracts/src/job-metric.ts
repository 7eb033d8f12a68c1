import { z } from 'zod';

/** Most points of one curve that a client gets; a longer run is thinned evenly. */
export const MAX_CURVE_POINTS = 5000;

export const jobMetricQuery = z.strictObject({
  after: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('Only points written after this sequence, also those of a step that was written again.'),
  max_points: z.coerce.number().int().min(2).max(MAX_CURVE_POINTS).default(1000),
});
export type JobMetricQuery = z.infer<typeof jobMetricQuery>;

/** What a training measured at one step; step 0 is before the first. */
export const jobMetric = z
  .object({
    step: z.number().int(),
    sequence: z.number().int().describe('Grows with every write; the highest seen is the next `after`.'),
    train_loss: z.number().nullable().describe('Mean cross-entropy over answer tokens, in nats.'),
    valid_loss: z.number().nullable(),
    learning_rate: z.number().nullable(),
    gradient_norm: z.number().nullable().describe('Global L2 norm before clipping.'),
    tokens_per_second: z.number().nullable(),
    step_seconds: z.number().nullable(),
    padding_waste: z.number().nullable().describe('Share of the batch’s positions that is padding, 0 to 1.'),
    mfu: z
      .number()
      .nullable()
      .describe('Model FLOPs utilisation: share of the MatMul rate of the machine; null on a GPU.'),
  })
  .meta({ id: 'JobMetric' });
export type JobMetricObject = z.infer<typeof jobMetric>;

export const jobMetricList = z
  .object({ object: z.literal('list'), data: z.array(jobMetric) })
  .meta({ id: 'JobMetricList' });
