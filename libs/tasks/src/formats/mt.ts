import type { JsonObject } from '@prad/formats';
import { textOf } from '../row.js';
import { defineTask } from '../task.js';
import { between, plainTemplate, specialTemplate, type SourceAndAnswer } from '../templates.js';

/** German to English: IWSLT14. */
export const mt = defineTask({
  name: 'mt',
  description: 'German to English, as IWSLT14 has it.',
  example: { de: 'guten morgen.', en: 'good morning.' },
  parts: (row: JsonObject): SourceAndAnswer => ({ source: textOf(row, 'de'), answer: textOf(row, 'en') }),
  plain: plainTemplate({ answer: 256 }),
  special: specialTemplate(({ source }: SourceAndAnswer) => between(source, 100), { answer: 100 }),
  metrics: ['bleu'],
  maxTokens: 100,
});
