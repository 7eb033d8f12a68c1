import { z } from 'zod';
import { chatMessage } from './generation.js';

const prompt = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('text'), text: z.string() }),
  z.strictObject({ kind: z.literal('tokens'), tokens: z.array(z.number().int().min(0)).min(1) }),
  z.strictObject({ kind: z.literal('messages'), messages: z.array(chatMessage).min(1) }),
]);

/** What a `generate` job of the endpoints `embedding` and `score` finds in the column `request` of its row. */
export const readingRequest = z.strictObject({
  prompts: z.array(prompt).min(1),
  wants: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('embedding'), pooling: z.enum(['last', 'mean']) }),
    z.strictObject({
      kind: z.literal('score'),
      /** Of every prompt, or of each in their order. */
      choices: z.array(z.array(z.string().min(1)).min(1)).min(1),
      /** Whether an answer goes on with the model's end token, as it does in training. */
      endToken: z.boolean(),
    }),
  ]),
  /** Lower ones are read first. */
  priority: z.number().int(),
  /** After so long, counted from the row's creation, nobody wants the answer; null: never. */
  timeoutMs: z.number().min(1).nullable(),
});
export type ReadingRequest = z.infer<typeof readingRequest>;

const batch = z.object({ maxRows: z.number().int().min(1), maxAdapters: z.number().int().min(0) });

/** What such a job leaves in the column `result` of its row: one item for each prompt, in their order. */
export const readingResult = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('embedding'),
    /** float32, little-endian, as base64. */
    vectors: z.array(z.string()).min(1),
    batch,
  }),
  z.object({
    kind: z.literal('score'),
    /** Of each choice: the natural logarithm of its probability, and its tokens. */
    scores: z
      .array(z.array(z.object({ logProbability: z.number(), tokens: z.number().int().min(1) })))
      .min(1),
    batch,
  }),
]);
export type ReadingResult = z.infer<typeof readingResult>;
