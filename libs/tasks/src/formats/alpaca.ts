import type { JsonObject } from '@prad/formats';
import { optionalTextOf, textOf } from '../row.js';
import { defineTask } from '../task.js';

/** An instruction, with or without further input, in sections as Alpaca's prompts have them. */
export const alpaca = defineTask({
  name: 'alpaca',
  description: 'An instruction with its output, and further input where there is any, under headings.',
  example: { instruction: 'Put the word into the plural.', input: 'mouse', output: 'mice' },
  parts: (row: JsonObject) => ({
    instruction: textOf(row, 'instruction'),
    input: optionalTextOf(row, 'input'),
    output: textOf(row, 'output'),
  }),
  plain: {
    prompt: ({ instruction, input }) => ({
      kind: 'text',
      text: [
        input ? 'Do what the instruction asks, with the input.' : 'Do what the instruction asks.',
        `### Instruction:\n${instruction}`,
        ...(input ? [`### Input:\n${input}`] : []),
        '### Response:\n',
      ].join('\n\n'),
    }),
    answer: ({ output }) => ({ text: output }),
    numBeams: 1,
  },
  metrics: ['rougeL', 'exact_match'],
  maxTokens: 256,
});
