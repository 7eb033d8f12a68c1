import { z } from 'zod';
import { bookkeepingLabel, neutral } from './neutral.js';
import { prompts } from './prompts.js';
import { readingFacts } from './reading-facts.js';
import { schedulingFields } from './sampling.js';

/** Most inputs in one request, as OpenAI's. */
export const MAX_EMBEDDING_INPUTS = 2048;

const text = z.string().min(1, 'a text of `input` must not be empty');

/** Body of `POST /v1/embeddings`. */
export const createEmbedding = z
  .strictObject({
    model: z.string().min(1).describe('Name of a base model or of a trained adapter.'),
    input: prompts('input', MAX_EMBEDDING_INPUTS, text).describe(
      'Texts, or token ids as they are: nothing, such as a begin token, is added to those.',
    ),
    encoding_format: z
      .enum(['float', 'base64'])
      .nullish()
      .describe('Numbers, the default, or float32 little-endian as base64.'),
    pooling: z
      .enum(['last', 'mean'])
      .nullish()
      .describe(
        'How the hidden states after the final norm become one vector: that of the last token, the default, which has seen all of the input; or the mean of all tokens’.',
      ),
    dimensions: neutral('dimensions'),
    user: bookkeepingLabel(),
    ...schedulingFields,
  })
  .meta({ id: 'CreateEmbedding' });
export type CreateEmbedding = z.infer<typeof createEmbedding>;

export const embeddingList = z
  .object({
    id: z.string(),
    object: z.literal('list'),
    data: z.array(
      z.object({
        object: z.literal('embedding'),
        index: z.number().int(),
        embedding: z.union([z.array(z.number()), z.string()]).describe('A vector of length 1.'),
      }),
    ),
    model: z.string(),
    usage: z.object({ prompt_tokens: z.number().int(), total_tokens: z.number().int() }),
    prad: readingFacts,
  })
  .meta({ id: 'EmbeddingList' });
export type EmbeddingListObject = z.infer<typeof embeddingList>;
