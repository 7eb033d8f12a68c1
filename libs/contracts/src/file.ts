import { z } from 'zod';
import { deletionOf, listOf, listQuery } from './pagination.js';
import { chosenTask } from './task.js';

/** OpenAI's purposes that can be uploaded here. */
export const uploadPurposes = ['fine-tune'] as const;
export const uploadPurpose = z.enum(uploadPurposes, {
  error: (issue) =>
    `\`purpose\` must be one of ${uploadPurposes.join(', ')}, got ${JSON.stringify(issue.input ?? null)}`,
});

/** What files may be sent as; they are kept as JSON lines. */
export const fileFormats = ['jsonl', 'csv', 'tsv', 'parquet'] as const;
export const fileFormat = z.enum(fileFormats, {
  error: (issue) =>
    `\`format\` must be one of ${fileFormats.join(', ')}, got ${JSON.stringify(issue.input ?? null)}`,
});
export type FileFormat = z.infer<typeof fileFormat>;

/** Fields of the rows by the columns that they come from. */
export const columnMapping = z
  .record(z.string().min(1).max(200), z.string().min(1).max(1_000))
  .refine((columns) => Object.keys(columns).length >= 1 && Object.keys(columns).length <= 32, {
    message: '`columns` must map 1 to 32 fields',
  });
export type ColumnMapping = z.infer<typeof columnMapping>;

/** Fields of the multipart form besides the part `file`, which is read as a stream. */
export const uploadForm = z.object({
  purpose: uploadPurpose,
  task: z
    .string()
    .optional()
    .describe(
      'What the rows are: the name of a task, or JSON as `task` of a fine-tuning job. It comes before the file.',
    ),
  format: fileFormat
    .optional()
    .describe('By default what the file’s name ends in says, else jsonl. It comes before the file.'),
  columns: z
    .string()
    .optional()
    .describe(
      'JSON: the fields of a row and the columns that they are taken from, as {"prompt":"question","completion":"answers.text"}; other columns are left out. It comes before the file.',
    ),
  file: z
    .string()
    .meta({ format: 'binary' })
    .describe(
      'Rows {"prompt","completion"} or {"messages"}, or rows of the task, as JSON lines, as CSV or TSV with a header, or as Parquet. It is kept as JSON lines.',
    ),
});

export const fileObject = z
  .object({
    id: z.string(),
    object: z.literal('file'),
    bytes: z.number().int().describe('Of the JSON lines.'),
    created_at: z.number().int().describe('Seconds since 1970.'),
    filename: z.string().describe('As it was sent.'),
    purpose: z.string(),
    status: z.literal('processed'),
    prad: z.object({
      rows: z.number().int().nullable().describe('Number of examples.'),
      sha256: z.string().describe('Of the JSON lines.'),
      format: fileFormat.describe('What it was sent as.'),
      task: chosenTask,
    }),
  })
  .meta({ id: 'File' });
export type FileObject = z.infer<typeof fileObject>;

export const fileListQuery = listQuery.extend({
  purpose: z.string().min(1).optional(),
  order: z
    .literal('desc', { error: '`order` must be desc: lists run from the newest file to the oldest' })
    .optional(),
});
export type FileListQuery = z.infer<typeof fileListQuery>;

export const fileList = listOf(fileObject, 'FileList');
export const fileDeletion = deletionOf('file', 'FileDeletion');
