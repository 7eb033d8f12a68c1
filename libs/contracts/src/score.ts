import { z } from 'zod';
import { chatMessage } from './chat-completion.js';
import { MAX_PROMPTS } from './completion.js';
import { usage } from './generation-facts.js';
import { readingFacts } from './reading-facts.js';
import { schedulingFields } from './sampling.js';
import { isStorable, notStorable } from './storable.js';

/** Most choices of one prompt. */
export const MAX_CHOICES = 128;

const choice = z.string().min(1, 'a choice must not be empty');
const choices = z.array(choice).min(1).max(MAX_CHOICES);

interface Scored {
  readonly prompt?: string | readonly string[] | undefined;
  readonly messages?: readonly unknown[] | undefined;
  readonly choices: readonly string[] | readonly (readonly string[])[];
}

/** Body of `POST /v1/score`. */
export const createScore = z
  .strictObject({
    model: z.string().min(1).describe('Name of a base model or of a trained adapter.'),
    prompt: z
      .union([z.string(), z.array(z.string()).min(1).max(MAX_PROMPTS)], {
        error: `\`prompt\` must be text or a list of 1 to ${MAX_PROMPTS} texts`,
      })
      .refine(isStorable, `\`prompt\` ${notStorable}`)
      .optional()
      .describe('What the choices answer; several texts are scored in one request.'),
    messages: z
      .array(chatMessage)
      .min(1)
      .max(2048)
      .optional()
      .describe('A conversation instead of `prompt`.'),
    choices: z
      .union([choices, z.array(choices).min(1).max(MAX_PROMPTS)], {
        error: `\`choices\` must be a list of 1 to ${MAX_CHOICES} texts, or one such list for each prompt, no text empty`,
      })
      .refine(isStorable, `\`choices\` ${notStorable}`)
      .describe(
        'Candidate answers, for every prompt or one list for each prompt. They follow the prompt as they are: give the blank in front.',
      ),
    end_token: z
      .boolean()
      .nullish()
      .describe(
        'Whether a choice goes on with the model’s end token, as answers do in training; default true.',
      ),
    ...schedulingFields,
  })
  .refine(({ prompt, messages }: Scored) => (prompt === undefined) !== (messages === undefined), {
    message: 'give `prompt` or `messages`, one of them',
    path: ['prompt'],
  })
  .refine(
    ({ prompt, choices: given }: Scored) => {
      if (typeof given[0] === 'string') return true;
      return given.length === (Array.isArray(prompt) ? prompt.length : 1);
    },
    { message: 'lists of `choices` must be as many as there are prompts', path: ['choices'] },
  )
  .meta({ id: 'CreateScore' });
export type CreateScore = z.infer<typeof createScore>;

export const scoreList = z
  .object({
    id: z.string(),
    object: z.literal('list'),
    created: z.number().int(),
    model: z.string(),
    data: z
      .array(
        z.object({
          object: z.literal('score'),
          index: z.number().int(),
          choices: z.array(
            z.object({
              index: z.number().int(),
              text: z.string(),
              log_probability: z
                .number()
                .describe(
                  'Natural logarithm of the probability of the whole choice: the sum over its tokens.',
                ),
              mean_log_probability: z.number().describe('The same for each token.'),
              tokens: z.number().int().describe('The end token included, where it counts.'),
              probability: z.number().describe('Among the choices: they add up to 1.'),
            }),
          ),
          best_choice: z.number().int().describe('The index of the most probable one, the first of equals.'),
        }),
      )
      .describe('One for each prompt.'),
    usage: usage.describe('Each prompt counts once; `completion_tokens` are those of all choices.'),
    prad: readingFacts,
  })
  .meta({ id: 'ScoreList' });
export type ScoreListObject = z.infer<typeof scoreList>;
