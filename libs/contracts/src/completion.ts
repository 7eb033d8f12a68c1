import { z } from 'zod';
import { beamRules } from './beam-search.js';
import { bestOf, bestOfRules } from './best-of.js';
import { finishReason, generationFacts, usage } from './generation-facts.js';
import { completionLogprobs, promptLogprobs } from './logprobs.js';
import { bookkeepingLabel, neutral } from './neutral.js';
import { prompts } from './prompts.js';
import { responseFormatRules } from './response-format.js';
import {
  MAX_LOGPROBS,
  maxTokens,
  promptLogprobsError,
  promptLogprobsNeedAnswer,
  samplingFields,
  schedulingFields,
  streamRules,
} from './sampling.js';

/** Most prompts in one request. */
export const MAX_PROMPTS = 128;

/** OpenAI's default for `/v1/completions`. */
export const COMPLETION_MAX_TOKENS = 16;

/** Body of `POST /v1/completions`. */
export const createCompletion = z
  .strictObject({
    model: z.string().min(1).describe('Name of a base model or of a trained adapter.'),
    prompt: prompts('prompt', MAX_PROMPTS).describe(
      'A text, or the token ids of one as they are: nothing, such as a begin token, is added to those; or a list of either, each of which is answered.',
    ),
    max_tokens: maxTokens.describe(`Most tokens to generate; default ${COMPLETION_MAX_TOKENS}.`),
    ...samplingFields,
    ...schedulingFields,
    best_of: bestOf,
    echo: z
      .boolean()
      .nullish()
      .describe(
        'Puts the prompt in front of its answers, of token ids their text without the begin token that the model’s tokenizer adds; default false.',
      ),
    logprobs: z
      .number()
      .int()
      .min(0)
      .max(MAX_LOGPROBS)
      .nullish()
      .describe(
        'Tells each token’s log-probability as the model gave it, before any other field acts, and those of so many likeliest tokens.',
      ),
    suffix: neutral('suffix', ['']),
    user: bookkeepingLabel(),
  })
  .superRefine(streamRules)
  .refine(promptLogprobsNeedAnswer, promptLogprobsError)
  .superRefine(beamRules)
  .superRefine(responseFormatRules)
  .superRefine(bestOfRules)
  .meta({ id: 'CreateCompletion' });
export type CreateCompletion = z.infer<typeof createCompletion>;

export const completion = z
  .object({
    id: z.string(),
    object: z.literal('text_completion'),
    created: z.number().int(),
    model: z.string(),
    choices: z.array(
      z.object({
        index: z.number().int(),
        text: z.string(),
        finish_reason: finishReason,
        logprobs: completionLogprobs.nullable(),
        prompt_logprobs: promptLogprobs.optional(),
      }),
    ),
    usage,
    prad: generationFacts,
  })
  .meta({ id: 'Completion' });
export type Completion = z.infer<typeof completion>;

/** Data of one server-sent event; the last event is the text `[DONE]`. */
export const completionChunk = z
  .object({
    id: z.string(),
    object: z.literal('text_completion'),
    created: z.number().int(),
    model: z.string(),
    choices: z.array(
      z.object({
        index: z.number().int(),
        text: z.string(),
        finish_reason: finishReason.nullable(),
        logprobs: completionLogprobs.nullable(),
      }),
    ),
    usage: usage.nullish().describe('In the last chunk, where stream_options.include_usage asks for it.'),
    prad: generationFacts.optional().describe('In the last chunk.'),
  })
  .meta({ id: 'CompletionChunk' });
export type CompletionChunk = z.infer<typeof completionChunk>;
