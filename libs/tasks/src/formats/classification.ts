import type { JsonObject } from '@prad/formats';
import { labelOf, textOf } from '../row.js';
import { defineTask } from '../task.js';
import { plainTemplate, type SourceAndAnswer } from '../templates.js';

/** A text and its label; whoever uses the task names the labels. */
export const classification = defineTask({
  name: 'classification',
  description: 'A text and its label, which is one of those that the request names.',
  example: { text: 'The kettle leaks.', label: 'complaint' },
  labels: 'given',
  parts: (row: JsonObject, labels): SourceAndAnswer => ({
    source: textOf(row, 'text'),
    answer: labelOf(row, 'label', labels),
  }),
  plain: plainTemplate(),
  metrics: ['accuracy', 'f1'],
  maxTokens: 16,
});
