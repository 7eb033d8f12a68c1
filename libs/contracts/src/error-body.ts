import { z } from 'zod';

/** Body of every response with status 4xx or 5xx, as OpenAI's clients read it. */
export const errorBody = z
  .object({
    error: z.object({
      message: z.string().describe('One sentence: what, where, expected, got.'),
      type: z.string().describe('The class of error, for example `invalid_request_error`.'),
      param: z.string().nullable().describe('Path of the request field at fault.'),
      code: z.string().nullable().describe('Stable identifier that a program may switch on.'),
    }),
  })
  .meta({ id: 'Error' });
export type ErrorBody = z.infer<typeof errorBody>;
