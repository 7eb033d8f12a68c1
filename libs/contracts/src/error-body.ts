import { z } from 'zod';

/** Most problems of an uploaded file that its error lists. */
export const MAX_LINE_PROBLEMS = 20;

export const lineProblem = z.object({
  line: z
    .number()
    .int()
    .describe('Of the file as it was sent, counted from 1, blank lines included; of Parquet its row.'),
  field: z.string().optional().describe('The field of the row at fault.'),
  message: z.string(),
});
export type LineProblem = z.infer<typeof lineProblem>;

/** Body of every response with status 4xx or 5xx, as OpenAI's clients read it. */
export const errorBody = z
  .object({
    error: z.object({
      message: z.string().describe('One sentence: what, where, expected, got.'),
      type: z.string().describe('The class of error, for example `invalid_request_error`.'),
      param: z.string().nullable().describe('Path of the request field at fault.'),
      code: z.string().nullable().describe('Stable identifier that a program may switch on.'),
      prad: z
        .object({ problems: z.array(lineProblem).describe(`The first ${MAX_LINE_PROBLEMS} of the file.`) })
        .optional()
        .describe('Only of a file that was refused for its lines.'),
    }),
  })
  .meta({ id: 'Error' });
export type ErrorBody = z.infer<typeof errorBody>;
