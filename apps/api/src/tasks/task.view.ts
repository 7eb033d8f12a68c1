import type { ChosenTask, CreateTask, TaskObject } from '@prad/contracts';
import type { DataFile, Task as DefinedTask } from '@prad/domain';
import { definedTask, taskDefinition, taskReference } from '@prad/tasks';
import type { Task, TaskDefinition, TaskReference } from '@prad/tasks';
import { toSeconds } from '../http/page.view.js';

/** What a file's rows were read as. */
export function referenceOf({ task }: Pick<DataFile, 'task'>): TaskReference | null {
  return task && taskReference.parse(task);
}

export function toChosenTask(reference: TaskReference | null): ChosenTask {
  if (!reference) return null;
  const { name, template, labels } = reference;
  return { name, template, labels: labels && [...labels] };
}

export function toDefinition(request: CreateTask): TaskDefinition {
  const { description, prompt, answer, labels = null, metrics, decoding, example } = request;
  const { max_tokens: maxTokens, temperature, stop } = decoding;
  return { description, prompt, answer, labels, metrics, maxTokens, temperature, stop, example };
}

export function toTaskObject(task: Task): TaskObject {
  return { ...factsOf(task), created_at: null, built_in: true, prompt: null, answer: null };
}

export function toDefinedTaskObject({ name, definition, createdAt }: DefinedTask): TaskObject {
  const parsed = taskDefinition.parse(definition);
  const { prompt, answer } = parsed;
  const facts = factsOf(definedTask(name, parsed));
  return { ...facts, created_at: toSeconds(createdAt), built_in: false, prompt, answer };
}

function factsOf(task: Task) {
  const { name, description, example, templates, labels = null, metrics } = task;
  const { numBeams, maxTokens, temperature, stop } = task.decoding(templates.at(-1) ?? 'plain');
  return {
    ...{ id: name, object: 'task' as const, description, example, templates: [...templates] },
    ...{ labels: typeof labels === 'string' ? labels : labels && [...labels], metrics: [...metrics] },
    decoding: { num_beams: numBeams, max_tokens: maxTokens, temperature, stop: [...stop] },
  };
}
