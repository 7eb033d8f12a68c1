import { z } from 'zod';
import { isStorable, notStorable } from './storable.js';

const jsonSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w-]{1,64}$/, '`name` must have 1 to 64 letters, digits, underscores and dashes')
    .describe('A label of the caller; it changes no answer.'),
  description: z
    .string()
    .nullish()
    .describe('A label of the caller, too: the prompt must say what is wanted.'),
  schema: z
    .record(z.string(), z.unknown())
    .refine(isStorable, `\`schema\` ${notStorable}`)
    .describe(
      'A JSON Schema of the part that OpenAI’s structured outputs have: types, enum, const, properties, required, additionalProperties, items, minItems, maxItems, anyOf, $ref and $defs. A keyword beyond it is refused.',
    ),
  strict: z.boolean().nullish().describe('Answers follow the schema in any case.'),
});

/** What an answer must be, in OpenAI's form. */
export const responseFormat = z
  .discriminatedUnion(
    'type',
    [
      z.strictObject({ type: z.literal('text') }),
      z.strictObject({ type: z.literal('json_object') }),
      z.strictObject({ type: z.literal('json_schema'), json_schema: jsonSchema }),
    ],
    { error: '`response_format` must be of type "text", "json_object" or "json_schema"' },
  )
  .nullish()
  .describe(
    'json_object: the answer is a JSON object; json_schema: it is valid by `json_schema.schema`. Other tokens are never chosen. An answer that ends by its length or a stop string is unfinished JSON.',
  );

export type ResponseFormat = z.infer<typeof responseFormat>;

interface FormatFields {
  readonly response_format?: ResponseFormat;
  readonly num_beams?: number | null | undefined;
  readonly min_tokens?: number | null | undefined;
}

/** Tells of fields that an answer of a format cannot have beside it. */
export function responseFormatRules(request: FormatFields, context: z.RefinementCtx): void {
  const type = request.response_format?.type ?? 'text';
  if (type === 'text') return;
  const refuse = (field: keyof FormatFields, message: string): void => {
    const beside = `with the \`response_format\` ${type}`;
    context.addIssue({ code: 'custom', path: [field], message: `\`${field}\` must be ${message} ${beside}` });
  };
  if ((request.num_beams ?? 1) > 1) refuse('num_beams', '1 or absent');
  if ((request.min_tokens ?? 0) > 0) refuse('min_tokens', '0 or absent');
}
