import { z } from 'zod';

/** Token counts as OpenAI names them. */
export const usage = z
  .object({
    prompt_tokens: z.number().int(),
    completion_tokens: z.number().int(),
    total_tokens: z.number().int(),
    prompt_tokens_details: z.object({
      cached_tokens: z
        .number()
        .int()
        .describe('Tokens of the prompt that were not read again, since earlier prompts began with them.'),
    }),
  })
  .meta({ id: 'Usage' });
export type UsageObject = z.infer<typeof usage>;

/** What happened to a request inside the cluster. */
export const generationFacts = z
  .object({
    seed: z.number().int().describe('The seed that was used; sending it again repeats the answer.'),
    adapter_version: z
      .number()
      .int()
      .nullable()
      .describe('The version of the adapter that answered; null for the base alone.'),
    timings: z.object({
      queue_ms: z.number().nullable(),
      prefill_ms: z.number().nullable(),
      decode_ms: z.number().nullable(),
    }),
    batch: z
      .object({ max_rows: z.number().int(), max_adapters: z.number().int() })
      .nullable()
      .describe('Most rows, and most different adapters, that shared one step with this request.'),
  })
  .meta({ id: 'GenerationFacts' });
export type GenerationFactsObject = z.infer<typeof generationFacts>;

export const finishReason = z.enum(['stop', 'length']);
export type FinishReason = z.infer<typeof finishReason>;
