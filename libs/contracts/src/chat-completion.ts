import { z } from 'zod';
import { beamRules } from './beam-search.js';
import { finishReason, generationFacts, usage } from './generation-facts.js';
import { chatLogprobs, promptLogprobs } from './logprobs.js';
import { bookkeepingLabel, neutral, neutralList, neutralObject } from './neutral.js';
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
import { isStorable, notStorable } from './storable.js';

/** Default of `max_completion_tokens`. */
export const CHAT_MAX_TOKENS = 256;

const textPart = z.strictObject({ type: z.literal('text'), text: z.string() });
const content = z
  .union([z.string(), z.array(textPart).min(1)], {
    error: 'message `content` must be text or a list of parts of type text',
  })
  .refine(isStorable, `message \`content\` ${notStorable}`)
  .describe('Text, or text parts, which are joined.');

export const chatMessage = z
  .strictObject({
    role: z.enum(['system', 'developer', 'user', 'assistant'], {
      error: (issue) =>
        `message role must be system, developer, user or assistant, got ${JSON.stringify(issue.input ?? null)}`,
    }),
    content,
    name: neutral('name'),
    refusal: neutral('refusal'),
    tool_calls: neutralList('tool_calls'),
    function_call: neutral('function_call'),
    audio: neutral('audio'),
  })
  .meta({ id: 'ChatMessage' });
export type ChatMessageRequest = z.infer<typeof chatMessage>;

/** Body of `POST /v1/chat/completions`. */
export const createChatCompletion = z
  .strictObject({
    model: z.string().min(1).describe('Name of a base model or of a trained adapter.'),
    messages: z.array(chatMessage).min(1).max(2048),
    max_tokens: maxTokens.describe('Older name of max_completion_tokens.'),
    max_completion_tokens: maxTokens.describe(`Most tokens to generate; default ${CHAT_MAX_TOKENS}.`),
    ...samplingFields,
    ...schedulingFields,
    audio: neutral('audio'),
    function_call: neutral('function_call', ['none']),
    functions: neutralList('functions'),
    logprobs: z
      .boolean()
      .nullish()
      .describe('Tells each token’s log-probability as the model gave it, before any other field acts.'),
    top_logprobs: z
      .number()
      .int()
      .min(0)
      .max(MAX_LOGPROBS)
      .nullish()
      .describe('With `logprobs`: of so many likeliest tokens in each place, too; default 0.'),
    metadata: neutralObject('metadata'),
    modalities: z
      .union([z.null(), z.tuple([z.literal('text')])], { error: '`modalities` must be ["text"]' })
      .optional(),
    parallel_tool_calls: neutral('parallel_tool_calls', [true, false]),
    prediction: neutral('prediction'),
    prompt_cache_key: bookkeepingLabel(),
    reasoning_effort: neutral('reasoning_effort', ['none']),
    safety_identifier: bookkeepingLabel(),
    service_tier: neutral('service_tier', ['auto', 'default']),
    store: neutral('store', [false]),
    tool_choice: neutral('tool_choice', ['none', 'auto']),
    tools: neutralList('tools'),
    user: bookkeepingLabel(),
    verbosity: neutral('verbosity', ['medium']),
    web_search_options: neutral('web_search_options'),
  })
  .superRefine(streamRules)
  .refine(promptLogprobsNeedAnswer, promptLogprobsError)
  .superRefine(beamRules)
  .superRefine(responseFormatRules)
  .refine(({ logprobs, top_logprobs: top }) => logprobs === true || isAbsent(top) || top === 0, {
    message: '`top_logprobs` needs `logprobs`: true',
    path: ['top_logprobs'],
  })
  .refine((value) => isAbsent(value.max_tokens) || isAbsent(value.max_completion_tokens), {
    message: 'give max_completion_tokens or max_tokens, not both',
    path: ['max_tokens'],
  })
  .meta({ id: 'CreateChatCompletion' });
export type CreateChatCompletion = z.infer<typeof createChatCompletion>;

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

export const chatCompletion = z
  .object({
    id: z.string(),
    object: z.literal('chat.completion'),
    created: z.number().int(),
    model: z.string(),
    choices: z.array(
      z.object({
        index: z.number().int(),
        message: z.object({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
        finish_reason: finishReason,
        logprobs: chatLogprobs.nullable(),
      }),
    ),
    usage,
    prompt_logprobs: promptLogprobs.optional(),
    prad: generationFacts,
  })
  .meta({ id: 'ChatCompletion' });
export type ChatCompletion = z.infer<typeof chatCompletion>;

/** Data of one server-sent event; the last event is the text `[DONE]`. */
export const chatCompletionChunk = z
  .object({
    id: z.string(),
    object: z.literal('chat.completion.chunk'),
    created: z.number().int(),
    model: z.string(),
    choices: z.array(
      z.object({
        index: z.number().int(),
        delta: z.object({ role: z.literal('assistant').optional(), content: z.string().optional() }),
        finish_reason: finishReason.nullable(),
        logprobs: chatLogprobs.nullable(),
      }),
    ),
    usage: usage.nullish().describe('In the last chunk, where stream_options.include_usage asks for it.'),
    prad: generationFacts.optional().describe('In the last chunk.'),
  })
  .meta({ id: 'ChatCompletionChunk' });
export type ChatCompletionChunk = z.infer<typeof chatCompletionChunk>;
