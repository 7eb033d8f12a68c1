import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import {
  MAX_PREVIEW_CHARACTERS,
  MAX_PREVIEW_LINES,
  type TaskObject,
  type TaskPreviewObject,
} from '@prad/contracts';
import { AppError } from '@prad/errors';
import pc from 'picocolors';
import type { TaskRequest } from '../api/api-client.js';
import { note, print } from '../output/print.js';
import { table } from '../output/table.js';
import { atServer, type AddCommands } from './command-context.js';
import { numberOption } from './number-option.js';
import { addTaskOptions, askedTask, type TaskOptions } from './task-options.js';

/** prad tasks list | create | preview | delete */
export const addTasks: AddCommands = (program, context) => {
  const tasks = program.command('tasks').description('what the rows of a file are: prompt and answer');
  tasks
    .command('list')
    .description('list built-in tasks and your own')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }) => {
      const list = await atServer(context, ({ client }) => client.tasks());
      print(json ? JSON.stringify(list, null, 2) : table(['TASK', 'FIELDS', 'METRICS', ''], list.map(rowOf)));
    });
  tasks
    .command('create')
    .description('define a task by a JSON file: name, prompt, answer, metrics, example (GET /docs tells all)')
    .argument('<file>', 'JSON; prompt and answer are Jinja templates over the fields of a row')
    .action(async (path: string) => {
      const definition = await definitionOf(path);
      const { id } = await atServer(context, ({ client }) => client.createTask(definition));
      print(id);
    });
  const preview = tasks
    .command('preview')
    .description('show what a task makes of the first rows of a file, and which rows are not the task’s')
    .argument('<task>', 'name of a task, or the JSON file of one that is not made yet')
    .argument('<file>', 'JSON lines')
    .option('--rows <n>', 'rows to show; default 3', numberOption)
    .option('--lines <n>', `lines to check; default and most ${MAX_PREVIEW_LINES}`, numberOption)
    .option('--model <name>', 'base model whose tokenizer counts');
  addTaskOptions(preview);
  preview.action(async (task: string, file: string, options: PreviewOptions) => {
    const { rows = 3, lines = MAX_PREVIEW_LINES, model } = options;
    const asked = existsSync(task)
      ? { definition: await definitionOf(task) }
      : { task: askedTask({ ...options, task }) };
    const read = await firstLines(file, lines);
    showPreview(
      await atServer(context, ({ client }) => client.previewTask({ ...asked, lines: read, model })),
      rows,
    );
  });
  tasks
    .command('delete')
    .description('delete a task of your own; jobs that were asked with it keep their copy')
    .argument('<task>')
    .action(async (name: string) => {
      await atServer(context, ({ client }) => client.deleteTask(name));
      print(`deleted ${name}`);
    });
};

interface PreviewOptions extends TaskOptions {
  readonly rows?: number;
  readonly lines?: number;
  readonly model?: string;
}

function rowOf({ id, example, metrics, built_in: builtIn }: TaskObject): string[] {
  return [id, Object.keys(example).join(', '), metrics.join(', '), builtIn ? '' : 'own'];
}

function showPreview({ rows, groups, problems }: TaskPreviewObject, shown: number): void {
  for (const { line, prompt, answer, prompt_tokens: asked, answer_tokens: answered } of rows.slice(
    0,
    shown,
  )) {
    const counts = asked === null ? '' : `: ${asked} + ${answered} tokens`;
    print(`${pc.bold(`line ${line}${counts}`)}\n${prompt}${pc.green(answer)}\n`);
  }
  const longest = Math.max(...rows.map((row) => (row.prompt_tokens ?? 0) + (row.answer_tokens ?? 0)));
  const tokens = longest > 0 ? `, the longest of ${longest} tokens` : '';
  print(`${rows.length} rows in ${groups} groups${tokens}; ${problems.length} problems`);
  for (const { message } of problems) print(pc.red(message));
}

async function definitionOf(path: string): Promise<TaskRequest> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as TaskRequest;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError({
      kind: 'invalid',
      code: 'unreadable_file',
      message: `${path} is no definition of a task: ${reason}`,
      cause,
    });
  }
}

async function firstLines(path: string, most: number): Promise<string[]> {
  const lines: string[] = [];
  let characters = 0;
  const stream = createReadStream(path);
  try {
    for await (const line of createInterface({ input: stream })) {
      characters += line.length;
      if (lines.length === most || characters > MAX_PREVIEW_CHARACTERS) {
        note(`only the first ${lines.length} lines are looked at`);
        break;
      }
      lines.push(line);
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError({
      kind: 'notFound',
      code: 'unreadable_file',
      message: `${path} cannot be read: ${reason}`,
      cause,
    });
  } finally {
    stream.destroy();
  }
  return lines;
}
