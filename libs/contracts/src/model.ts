import { z } from 'zod';
import { deletionOf } from './pagination.js';

/** How a copy of the weights is rounded: blocks of 4 or 8 bits, or 8 bits by output channel for activations of 8 bits. */
export const quantization = z.enum(['q4', 'q8', 'w8a8'], {
  error: ({ input }) => `\`quantize\` takes q4, q8 and w8a8, got ${JSON.stringify(input)}`,
});
export type Quantization = z.infer<typeof quantization>;

/** Facts that OpenAI's model object has no place for. */
const modelFacts = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('base'),
    status: z.enum(['importing', 'ready', 'failed']),
    source: z.string().describe('Where it was imported from, or the fine-tuning job that made it.'),
    architecture: z.string().nullable(),
    parameters: z.number().int().nullable(),
    context_length: z.number().int().nullable(),
    digest: z
      .string()
      .nullable()
      .describe(
        'SHA-256 of the weights, to which adapters are bound; tokenizer and chat template do not count.',
      ),
    bytes: z.number().int().nullable(),
    quantized: z
      .array(quantization)
      .describe(
        'The rounded copies of the weights that decoding may use; while importing, those to be made.',
      ),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  }),
  z.object({
    kind: z.literal('adapter'),
    status: z.literal('ready'),
    base: z.string(),
    adapter: z.string(),
    scope: z.string(),
    options: z.record(z.string(), z.unknown()),
    parameters: z.number().int(),
    version: z.number().int(),
    digest: z.string(),
    bytes: z.number().int(),
    job: z.string().nullable(),
  }),
]);

export const modelObject = z
  .object({
    id: z.string(),
    object: z.literal('model'),
    created: z.number().int().describe('Seconds since 1970.'),
    owned_by: z.string(),
    prad: modelFacts,
  })
  .meta({ id: 'Model' });
export type ModelObject = z.infer<typeof modelObject>;

export const modelList = z
  .object({ object: z.literal('list'), data: z.array(modelObject) })
  .meta({ id: 'ModelList' });

/** Model names stand in URLs and adapter names, so they hold no slash and no colon. */
export const modelName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,95}$/,
    '`name` must be 1 to 96 characters of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit',
  );

export const importModelRequest = z
  .strictObject({
    source: z
      .string()
      .min(1)
      .max(4096)
      .describe('A folder or .gguf file on the worker’s machine, or `hf:org/name`.'),
    quantize: z
      .array(quantization)
      .optional()
      .describe('Rounded copies of the weights to make, for workers that decode with them (DECODE_WEIGHTS).'),
    name: modelName.optional().describe('By default the last part of the source, in lower case.'),
  })
  .meta({ id: 'ModelImportRequest' });
export type ImportModelRequest = z.infer<typeof importModelRequest>;

export const modelDeletion = deletionOf('model', 'ModelDeletion');
