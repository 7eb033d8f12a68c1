import { z } from 'zod';

export const filePreviewQuery = z.strictObject({
  rows: z.coerce.number().int().min(0).max(100).default(20).describe('First rows to return.'),
  model: z.string().min(1).optional().describe('Base model whose tokenizer counts the lengths.'),
});
export type FilePreviewQuery = z.infer<typeof filePreviewQuery>;

const distribution = z.object({
  min: z.number().int(),
  median: z.number(),
  p95: z.number(),
  max: z.number().int(),
  bins: z.array(
    z.object({
      from: z.number().int().describe('Tokens, inclusive.'),
      to: z.number().int().describe('Tokens, exclusive.'),
      count: z.number().int(),
    }),
  ),
});
export type LengthDistribution = z.infer<typeof distribution>;

/** How a data set begins and how long its examples are. */
export const filePreview = z
  .object({
    object: z.literal('file.preview'),
    file: z.string(),
    total_rows: z.number().int().nullable(),
    rows: z.array(z.object({ line: z.number().int(), value: z.record(z.string(), z.unknown()) })),
    token_lengths: z
      .object({
        model: z.string(),
        sampled_rows: z.number().int().describe('All rows of a small file, an even sample of a large one.'),
        prompt: distribution,
        completion: distribution,
        total: distribution,
      })
      .nullable()
      .describe('null where no model was named.'),
  })
  .meta({ id: 'FilePreview' });
export type FilePreviewObject = z.infer<typeof filePreview>;
