import { z } from 'zod';
import { beamFields, MAX_SEQUENCES } from './beam-search.js';
import { responseFormat } from './response-format.js';
import { isStorable, notStorable } from './storable.js';

export const MAX_STOPS = 4;
export const MAX_NEW_TOKENS = 1_048_576;

export const MAX_STOP_TOKENS = 64;
/** Most of the likeliest tokens that are told for each place. */
export const MAX_LOGPROBS = 20;
const MAX_BIASES = 1024;

const stop = z.string().min(1, 'a stop string must not be empty');

/** How tokens are chosen and when an answer ends; the same for both endpoints. */
export const samplingFields = {
  temperature: z.number().min(0).max(2).nullish().describe('0 is greedy; default 1.'),
  top_p: z
    .number()
    .gt(0)
    .max(1)
    .nullish()
    .describe('Smallest set of tokens with this probability; default 1.'),
  top_k: z
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .nullish()
    .describe('Most likely tokens kept; 0, the default, keeps all.'),
  min_p: z
    .number()
    .min(0)
    .max(1)
    .nullish()
    .describe('Tokens of less than this share of the likeliest one’s probability go; default 0.'),
  repetition_penalty: z
    .number()
    .gt(0)
    .max(10)
    .nullish()
    .describe('Divides positive logits of tokens of prompt and answer, multiplies negative ones; default 1.'),
  frequency_penalty: penalty('for each time that the answer has it'),
  presence_penalty: penalty('if the answer has it'),
  logit_bias: z
    .record(z.string(), z.number().min(-100).max(100))
    .nullish()
    .refine(
      (value) => Object.keys(value ?? {}).every((id) => /^\d{1,9}$/.test(id)),
      '`logit_bias` is an object of token ids: its keys must be whole numbers',
    )
    .refine(
      (value) => Object.keys(value ?? {}).length <= MAX_BIASES,
      `\`logit_bias\` holds at most ${MAX_BIASES} tokens`,
    )
    .describe('Added to the logits of tokens, by their ids.'),
  prompt_logprobs: z
    .number()
    .int()
    .min(0)
    .max(MAX_LOGPROBS)
    .nullish()
    .describe(
      'Tells the log-probability of each token of the prompt, through its adapter, and of so many likeliest ones; not in a stream.',
    ),
  seed: z.number().int().min(0).max(2_147_483_647).nullish().describe('Drawn at random where absent.'),
  stop: z
    .union([stop, z.array(stop).max(MAX_STOPS, `\`stop\` holds at most ${MAX_STOPS} strings`)])
    .nullish()
    .refine(isStorable, `\`stop\` ${notStorable}`)
    .describe('The answer ends before the first of these strings.'),
  stop_token_ids: z
    .array(z.number().int().min(0))
    .max(MAX_STOP_TOKENS)
    .nullish()
    .describe('Tokens that end the answer, as the model’s end tokens do.'),
  min_tokens: z
    .number()
    .int()
    .min(0)
    .max(MAX_NEW_TOKENS)
    .nullish()
    .describe('Before so many tokens neither an end token nor a stop string ends the answer; default 0.'),
  n: z
    .number()
    .int()
    .min(1)
    .max(MAX_SEQUENCES)
    .nullish()
    .describe(
      'Answers to each prompt, 1 by default: each sampled on its own after one reading of the prompt, or the best of a beam search. They take as many of a worker’s sequences (MAX_NUM_SEQS).',
    ),
  ...beamFields,
  response_format: responseFormat,
  stream: z.boolean().nullish(),
  background: z
    .boolean()
    .nullish()
    .describe(
      'Goes on with a stream’s answer when its client has left; GET /{id}/events with Last-Event-ID goes on with the stream. Default false: the answer ends with its client.',
    ),
  stream_options: z
    .strictObject({
      include_usage: z.boolean().nullish(),
      include_obfuscation: z
        .literal(false, { error: '`include_obfuscation` is not supported: leave it out or send false' })
        .nullish(),
    })
    .nullish(),
};

function penalty(when: string) {
  return z
    .number()
    .min(-2)
    .max(2)
    .nullish()
    .describe(`Taken from a token’s logit ${when}, as OpenAI defines it; default 0.`);
}

/** Most urgent and least urgent. */
export const PRIORITIES = { min: -100, max: 100 };

/** When a request is answered; the same for both endpoints. */
export const schedulingFields = {
  priority: z
    .number()
    .int()
    .min(PRIORITIES.min)
    .max(PRIORITIES.max)
    .nullish()
    .describe('Requests with lower numbers are answered first, from -100 to 100; default 0.'),
  timeout_seconds: z
    .number()
    .gt(0)
    .max(86_400)
    .nullish()
    .describe('After so long nobody wants the answer: the request ends with `deadline_exceeded`.'),
};

/** Upper bound on generated tokens. */
export const maxTokens = z.number().int().min(1).max(MAX_NEW_TOKENS).nullish();

/** What is told of a prompt comes with the whole answer. */
export function promptLogprobsNeedAnswer(value: {
  readonly stream?: boolean | null | undefined;
  readonly prompt_logprobs?: number | null | undefined;
  readonly echo?: boolean | null | undefined;
  readonly logprobs?: number | boolean | null | undefined;
}): boolean {
  const echoed = value.echo === true && value.logprobs !== undefined && value.logprobs !== null;
  const asked = echoed || (value.prompt_logprobs !== undefined && value.prompt_logprobs !== null);
  return value.stream !== true || !asked;
}

export const promptLogprobsError = {
  message: 'log-probabilities of a prompt, of `prompt_logprobs` or `echo` with `logprobs`, are not streamed',
  path: ['stream'],
};

/** `stream_options` and `background` have a meaning only in a stream. */
export function streamRules(
  value: {
    readonly stream?: boolean | null | undefined;
    readonly stream_options?: unknown;
    readonly background?: boolean | null | undefined;
  },
  context: z.RefinementCtx,
): void {
  if (value.stream === true) return;
  const asked = [
    ...(value.stream_options === undefined || value.stream_options === null ? [] : ['stream_options']),
    ...(value.background === true ? ['background'] : []),
  ];
  for (const field of asked) {
    const message = `\`${field}\` is only for requests with stream: true`;
    context.addIssue({ code: 'custom', message, path: [field] });
  }
}
