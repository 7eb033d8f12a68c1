import type { JsonObject } from '@prad/formats';
import { refuseOthers, textOf } from '../row.js';
import { defineTask } from '../task.js';

/** Prompt and completion, both as they are. */
export const generic = defineTask({
  name: 'generic',
  description: 'A prompt and its completion, both as they are.',
  example: { prompt: 'The capital of France is', completion: ' Paris.' },
  parts: (row: JsonObject) => {
    refuseOthers(row, ['prompt', 'completion'], 'a row with prompt and completion');
    return { prompt: textOf(row, 'prompt'), completion: textOf(row, 'completion') };
  },
  plain: {
    prompt: ({ prompt }) => ({ kind: 'text', text: prompt }),
    answer: ({ completion }) => ({ text: completion }),
    numBeams: 1,
  },
  metrics: ['rougeL', 'exact_match'],
  maxTokens: 64,
});
