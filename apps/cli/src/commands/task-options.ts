import type { TaskChoice } from '@prad/contracts';
import type { Command } from 'commander';

export interface TaskOptions {
  readonly task?: string;
  readonly taskTemplate?: string;
  readonly labels?: string[];
}

/** How a command is told what the rows of its files are. */
export function addTaskOptions(command: Command): void {
  command
    .option(
      '--task <name>',
      'what the rows are (`prad tasks list`); default prompts with completions, or messages',
    )
    .option(
      '--task-template <name>',
      'plain, or special: with special tokens, which the adapter gets rows for; default plain',
    )
    .option('--labels <label...>', 'of the task classification');
}

/** Undefined where no task was named. The server checks what the template is called. */
export function askedTask({ task, taskTemplate, labels }: TaskOptions): TaskChoice | undefined {
  if (task === undefined) return undefined;
  if (taskTemplate === undefined && labels === undefined) return task;
  return { name: task, template: taskTemplate ?? 'plain', labels } as TaskChoice;
}
