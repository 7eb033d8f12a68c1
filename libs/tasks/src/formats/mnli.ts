import type { JsonObject } from '@prad/formats';
import { fault, labelOf, textOf } from '../row.js';
import { defineTask } from '../task.js';
import { firstTokens, plainTemplate, specialTemplate, type SourceAndAnswer } from '../templates.js';

const FIELD = 'source';

interface Parts extends SourceAndAnswer {
  readonly hypothesis: string;
  readonly premise: string;
}

/** Whether a sentence follows from another: MNLI. */
export const mnli = defineTask({
  name: 'mnli',
  description: 'Whether a hypothesis follows from a premise, as in MNLI.',
  example: { source: '[hypothesis]:It rained. [premise]:The streets were wet.', target: 'neutral' },
  labels: ['entailment', 'neutral', 'contradiction'],
  parts: (row: JsonObject, labels): Parts => ({
    ...sentencesOf(textOf(row, FIELD)),
    source: textOf(row, FIELD),
    answer: labelOf(row, 'target', labels),
  }),
  plain: plainTemplate({ answer: 256 }),
  special: specialTemplate(({ hypothesis, premise }: Parts, purpose) => ({
    kind: 'pieces',
    pieces: [
      firstTokens(
        `<|start|><|subject|>${hypothesis}<|object|>${premise}`,
        purpose === 'train' ? 128 : undefined,
      ),
      { text: '<|sep|>' },
    ],
  })),
  metrics: ['accuracy'],
  maxTokens: 24,
});

/** The two sentences of `[hypothesis]:... [premise]:...`. */
function sentencesOf(text: string): Pick<Parts, 'hypothesis' | 'premise'> {
  const [, hypothesis, premise] = /^\s*\[hypothesis\]:(.*?)\[premise\]:(.*)$/s.exec(text) ?? [];
  if (!hypothesis?.trim() || !premise?.trim())
    throw fault(FIELD, 'must be text of the form [hypothesis]:... [premise]:...');
  return { hypothesis: hypothesis.trim(), premise: premise.trim() };
}
