import type { JsonObject } from '@prad/formats';
import { textOf } from '../row.js';
import { defineTask } from '../task.js';
import { between, plainTemplate, specialTemplate, type SourceAndAnswer } from '../templates.js';

/** One sentence for a news story: XSum. */
export const xsum = defineTask({
  name: 'xsum',
  description: 'A news story in one sentence, as XSum has it.',
  example: { document: 'The bridge at Millbrook was closed on Monday ...', summary: 'A bridge was closed.' },
  parts: (row: JsonObject): SourceAndAnswer => ({
    source: textOf(row, 'document'),
    answer: textOf(row, 'summary'),
  }),
  plain: plainTemplate({ answer: 128 }),
  special: specialTemplate(({ source }: SourceAndAnswer) => between(source, 400), { answer: 130 }),
  metrics: ['rouge1', 'rouge2', 'rougeL'],
  maxTokens: 130,
});
