import { AppError } from '@prad/errors';
import { z } from 'zod';
import { definedTask, taskDefinition } from './defined/definition.js';
import { builtInTasks } from './registry.js';
import { templateNames, type Task } from './task.js';

/** What a job keeps of the task that it was asked with: all that is needed to read its files again. */
export const taskReference = z.strictObject({
  name: z.string().min(1),
  template: z.enum(templateNames),
  /** Of a task whose labels whoever uses it names. */
  labels: z.array(z.string().min(1)).min(2).nullable(),
  /** Of a task that a project has defined; null: it is built in. */
  definition: taskDefinition.nullable(),
});
export type TaskReference = z.infer<typeof taskReference>;

/** All that an answer can be, where it is known. */
export function labelsOf(reference: TaskReference): readonly string[] | undefined {
  const { labels } = taskOf(reference);
  return (labels === 'given' ? reference.labels : labels) ?? undefined;
}

/** The task that a reference stands for. @throws AppError notFound `task_not_found`; invalid for what the task does not have. */
export function taskOf({ name, template, labels, definition }: TaskReference): Task {
  const task = definition ? definedTask(name, definition) : builtInTasks.get(name);
  if (!task) {
    throw new AppError({
      kind: 'notFound',
      code: 'task_not_found',
      message: `there is no task ${JSON.stringify(name)}; built in are ${[...builtInTasks.keys()].join(', ')}`,
      details: { task: name },
    });
  }
  if (!task.templates.includes(template)) {
    throw new AppError({
      kind: 'invalid',
      code: 'unknown_template',
      message: `the task ${name} has no template ${template}; it has ${task.templates.join(', ')}`,
      details: { task: name, field: 'template' },
    });
  }
  if (labels && task.labels !== 'given') {
    throw new AppError({
      kind: 'invalid',
      code: 'labels_not_given',
      message: `the task ${name} takes no labels: ${task.labels ? `they are ${task.labels.join(', ')}` : 'its answers are free text'}`,
      details: { task: name, field: 'labels' },
    });
  }
  return task;
}
