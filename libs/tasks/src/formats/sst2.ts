import type { JsonObject } from '@prad/formats';
import { labelOf, textOf } from '../row.js';
import { defineTask } from '../task.js';
import { between, plainTemplate, specialTemplate, type SourceAndAnswer } from '../templates.js';

/** Whether a sentence of a film review is positive: SST-2. */
export const sst2 = defineTask({
  name: 'sst2',
  description: 'Whether a sentence is positive or negative, as in SST-2.',
  example: { text: 'a quiet , lovely film', sentiment: 'positive' },
  labels: ['positive', 'negative'],
  parts: (row: JsonObject, labels): SourceAndAnswer => ({
    source: textOf(row, 'text'),
    answer: labelOf(row, 'sentiment', labels),
  }),
  plain: plainTemplate({ answer: 256 }),
  special: specialTemplate(({ source }: SourceAndAnswer) => between(source, 128)),
  metrics: ['accuracy'],
  maxTokens: 16,
});
