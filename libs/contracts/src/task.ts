import { z } from 'zod';
import { lineProblem } from './error-body.js';
import { deletionOf, listOf } from './pagination.js';

export const taskTemplates = ['plain', 'special'] as const;

/** Names that a project may give its tasks. */
const taskName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, '`name` must be 1 to 64 characters of a-z, 0-9, dash and underscore');

const labels = z.array(z.string().min(1).max(200)).min(2).max(100);

/** How a request names a task. */
export const taskChoice = z
  .union([
    z.string().min(1),
    z.strictObject({
      name: z.string().min(1),
      template: z
        .enum(taskTemplates)
        .default('plain')
        .describe(
          'special: text between special tokens, which the adapter gets rows for; the tasks of the paper have it.',
        ),
      labels: labels.optional().describe('Of the task `classification`.'),
    }),
  ])
  .describe('Name of a task, built in or of the project: what the rows of the files are.');
export type TaskChoice = z.infer<typeof taskChoice>;

/** What jobs, evaluations and files tell of the task that they were asked with. */
export const chosenTask = z
  .object({
    name: z.string(),
    template: z.enum(taskTemplates),
    labels: z.array(z.string()).nullable(),
  })
  .nullable()
  .describe('What the rows are; null: prompts with completions, or conversations.');
export type ChosenTask = z.infer<typeof chosenTask>;

const template = z
  .string()
  .min(1)
  .max(8_192)
  .describe(
    'Jinja over the fields of a row: outputs, conditions and loops that are not nested. A loop goes through 256 items at most, a row becomes 262,144 characters at most.',
  );

const decoding = z.strictObject({
  max_tokens: z.number().int().min(1).default(64).describe('Most tokens of an answer.'),
  temperature: z.number().min(0).max(2).default(0).describe('0 is greedy.'),
  stop: z.array(z.string().min(1)).max(4).default([]).describe('An answer ends before the first of these.'),
});

/** Body of `POST /v1/tasks`. */
export const createTask = z
  .strictObject({
    name: taskName,
    description: z.string().max(500).default(''),
    prompt: template,
    answer: template,
    labels: z
      .record(z.string(), z.string().min(1).max(200))
      .refine((words) => Object.keys(words).length >= 2 && Object.keys(words).length <= 100, {
        message: '`labels` must hold 2 to 100 labels',
      })
      .nullish()
      .describe('What the answer’s template gives, and the word that the model is to write for it.'),
    metrics: z.array(z.string().min(1)).min(1).max(20).describe('The first one tells most.'),
    decoding: decoding.prefault({}),
    example: z
      .record(z.string(), z.json())
      .describe('A row as the files have it: the templates are tried on it.'),
  })
  .refine((task) => !JSON.stringify(task).includes('\\u0000'), {
    message: 'a task holds no character U+0000, which the database does not take',
  })
  .meta({ id: 'CreateTask' });
export type CreateTask = z.infer<typeof createTask>;

export const taskObject = z
  .object({
    id: z.string().describe('The name.'),
    object: z.literal('task'),
    created_at: z.number().int().nullable().describe('null where it is built in.'),
    built_in: z.boolean(),
    description: z.string(),
    templates: z.array(z.enum(taskTemplates)),
    labels: z
      .union([z.array(z.string()), z.literal('given')])
      .nullable()
      .describe('given: a request names them.'),
    metrics: z.array(z.string()),
    decoding: z.object({
      num_beams: z.number().int().describe('Beams of the published protocol.'),
      max_tokens: z.number().int(),
      temperature: z.number(),
      stop: z.array(z.string()),
    }),
    example: z.record(z.string(), z.unknown()),
    prompt: z.string().nullable().describe('Its template, where a project defined it.'),
    answer: z.string().nullable(),
  })
  .meta({ id: 'Task' });
export type TaskObject = z.infer<typeof taskObject>;

export const taskList = listOf(taskObject, 'TaskList');
export const taskDeletion = deletionOf('task', 'TaskDeletion');

/** Most lines, and most characters of all, in one preview. */
export const MAX_PREVIEW_LINES = 1_000;
export const MAX_PREVIEW_CHARACTERS = 4 << 20;

/** Body of `POST /v1/tasks/preview`. */
export const previewTask = z
  .strictObject({
    task: taskChoice.optional(),
    definition: createTask.optional().describe('A task that was not made yet, instead of `task`.'),
    lines: z
      .array(z.string())
      .min(1)
      .max(MAX_PREVIEW_LINES)
      .refine((lines) => lines.reduce((sum, line) => sum + line.length, 0) <= MAX_PREVIEW_CHARACTERS, {
        message: `\`lines\` may have ${MAX_PREVIEW_CHARACTERS} characters together`,
      })
      .describe('Lines of a file; blank ones are left out.'),
    model: z.string().min(1).optional().describe('Base model whose tokenizer counts.'),
  })
  .refine(({ task, definition }) => (task === undefined) !== (definition === undefined), {
    message: 'name a `task` or send a `definition`',
    path: ['task'],
  })
  .meta({ id: 'PreviewTask' });
export type PreviewTask = z.infer<typeof previewTask>;

export const taskPreview = z
  .object({
    object: z.literal('task.preview'),
    task: z.string(),
    rows: z.array(
      z.object({
        line: z.number().int(),
        prompt: z.string().describe('Before it is cut; a conversation one turn a line.'),
        answer: z.string(),
        prompt_tokens: z
          .number()
          .int()
          .nullable()
          .describe('As many as count; null where no model was named.'),
        answer_tokens: z.number().int().nullable().describe('The end token counted.'),
      }),
    ),
    groups: z.number().int().describe('Rows that ask the same one after the other count once.'),
    problems: z.array(lineProblem),
  })
  .meta({ id: 'TaskPreview' });
export type TaskPreviewObject = z.infer<typeof taskPreview>;
