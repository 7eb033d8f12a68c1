import { AppError } from '@prad/errors';
import { textMetricNamed } from '@prad/metrics';
import type { JsonObject } from '@prad/formats';
import { z } from 'zod';
import { fault } from '../row.js';
import { defineTask, type Task } from '../task.js';
import { FieldTemplate } from './field-template.js';

/** What a project writes to define a task, as its row keeps it. */
export const taskDefinition = z.strictObject({
  description: z.string(),
  /** Jinja over the fields of a row. */
  prompt: z.string(),
  answer: z.string(),
  /** What the answer's template gives, and the word for it; null: answers are as they are written. */
  labels: z.record(z.string(), z.string().min(1)).nullable(),
  metrics: z.array(z.string()),
  maxTokens: z.number().int().min(1),
  temperature: z.number().min(0),
  stop: z.array(z.string().min(1)),
  /** A row that the templates were tried on. */
  example: z.record(z.string(), z.json()),
});
export type TaskDefinition = z.infer<typeof taskDefinition>;

/**
 * A task by its definition.
 * @throws AppError invalid with `details.field` naming the part at fault: a template that is not taken or fails on the
 * example, an unknown metric.
 */
export function definedTask(name: string, definition: TaskDefinition): Task {
  const { description, labels, metrics, maxTokens, temperature, stop, example } = definition;
  const [prompt, answer] = (['prompt', 'answer'] as const).map((part) =>
    at(part, () => new FieldTemplate(definition[part])),
  ) as [FieldTemplate, FieldTemplate];
  at('metrics', () => metrics.map(textMetricNamed));
  const task = defineTask({
    ...{ name, description, metrics, maxTokens, temperature, stop, example },
    ...(labels && { labels: Object.values(labels) }),
    parts: (row: JsonObject) => ({
      prompt: filled(prompt, row, 'prompt'),
      answer: answerOf(answer, row, labels),
    }),
    plain: {
      prompt: (parts) => ({ kind: 'text', text: parts.prompt }),
      answer: (parts) => ({ text: parts.answer }),
      numBeams: 1,
    },
  });
  at('example', () => task.read(example, { template: 'plain', purpose: 'train' }));
  return task;
}

function filled(template: FieldTemplate, row: JsonObject, part: string): string {
  const text = template.render(row);
  if (text.trim() === '') throw fault(part, 'must not be empty', `the ${part} that the template writes`);
  return text;
}

/** The word of a label, or the text itself. */
function answerOf(template: FieldTemplate, row: JsonObject, labels: TaskDefinition['labels']): string {
  const text = filled(template, row, 'answer');
  if (!labels) return text;
  const label = text.trim();
  const word = Object.hasOwn(labels, label) ? labels[label] : undefined;
  if (word !== undefined) return word;
  const known = Object.keys(labels).join(', ');
  throw fault('answer', `must be one of ${known}, got ${JSON.stringify(label.slice(0, 50))}`, 'the label');
}

function at<T>(field: keyof TaskDefinition, use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { kind, code, message, details } = error;
    throw new AppError({ kind, code, message: `${field}: ${message}`, details: { ...details, field } });
  }
}
