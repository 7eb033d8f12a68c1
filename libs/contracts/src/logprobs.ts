import { z } from 'zod';

/** A token and its natural log-probability. */
export const tokenLogprob = z
  .object({
    token: z.string().describe('Its text; U+FFFD for parts of characters, whose bytes tell them apart.'),
    logprob: z.number(),
    bytes: z.array(z.number().int()),
  })
  .meta({ id: 'TokenLogprob' });

/** Log-probabilities of an answer in the form of chat completions. */
export const chatLogprobs = z
  .object({
    content: z.array(
      tokenLogprob.extend({
        top_logprobs: z.array(tokenLogprob).describe('The likeliest tokens in its place, most likely first.'),
      }),
    ),
    refusal: z.null(),
  })
  .meta({ id: 'ChatLogprobs' });
export type ChatLogprobs = z.infer<typeof chatLogprobs>;

/** Of the tokens of a prompt, in their order. */
export const promptLogprobs = z
  .array(
    tokenLogprob.extend({
      logprob: z.number().nullable().describe('Null for the first token.'),
      top_logprobs: z.array(tokenLogprob),
    }),
  )
  .meta({ id: 'PromptLogprobs' });
export type PromptLogprobs = z.infer<typeof promptLogprobs>;

/** Log-probabilities of an answer in the form of completions: lists side by side. */
export const completionLogprobs = z
  .object({
    tokens: z.array(z.string()).describe('The last may be one that ended the answer, behind its text.'),
    token_logprobs: z.array(z.number().nullable()).describe('Null for the first token of an echoed prompt.'),
    top_logprobs: z
      .array(z.record(z.string(), z.number()).nullable())
      .describe('The likeliest tokens in each place, by their text, and the token itself.'),
    text_offset: z.array(z.number().int()).describe('Where each begins in the text, in UTF-16 units.'),
  })
  .meta({ id: 'CompletionLogprobs' });
export type CompletionLogprobs = z.infer<typeof completionLogprobs>;
