import { z } from 'zod';
import { deletionOf, listOf, listQuery } from './pagination.js';
import { chosenTask } from './task.js';

/** OpenAI's purposes that can be uploaded here. */
export const uploadPurposes = ['fine-tune'] as const;
export const uploadPurpose = z.enum(uploadPurposes, {
  error: (issue) =>
    `\`purpose\` must be one of ${uploadPurposes.join(', ')}, got ${JSON.stringify(issue.input ?? null)}`,
});

/** Fields of the multipart form besides the part `file`, which is read as a stream. */
export const uploadForm = z.object({
  purpose: uploadPurpose,
  task: z
    .string()
    .optional()
    .describe(
      'What the rows are: the name of a task, or JSON as `task` of a fine-tuning job. It comes before the file.',
    ),
  file: z
    .string()
    .meta({ format: 'binary' })
    .describe('JSON lines: {"prompt","completion"} or {"messages"}, or rows of the task.'),
});

export const fileObject = z
  .object({
    id: z.string(),
    object: z.literal('file'),
    bytes: z.number().int(),
    created_at: z.number().int().describe('Seconds since 1970.'),
    filename: z.string(),
    purpose: z.string(),
    status: z.literal('processed'),
    prad: z.object({
      rows: z.number().int().nullable().describe('Number of examples.'),
      sha256: z.string(),
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
