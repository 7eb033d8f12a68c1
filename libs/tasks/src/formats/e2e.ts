import type { JsonObject } from '@prad/formats';
import { fault, textOf } from '../row.js';
import { defineTask } from '../task.js';
import { plainTemplate, specialTemplate } from '../templates.js';

const attributes = [
  'name',
  'eatType',
  'familyFriendly',
  'priceRange',
  'food',
  'near',
  'area',
  'customer rating',
];
const FIELD = 'meaning_representation';

/** Restaurants in words: the E2E NLG challenge. */
export const e2e = defineTask({
  name: 'e2e',
  description: 'A restaurant in words, as in the E2E NLG challenge.',
  example: {
    meaning_representation: 'name[Green Door], eatType[pub], area[riverside]',
    human_reference: 'The Green Door is a pub by the river.',
  },
  parts: (row: JsonObject) => ({
    source: textOf(row, FIELD),
    attributes: attributesOf(textOf(row, FIELD)),
    answer: textOf(row, 'human_reference'),
  }),
  plain: plainTemplate(),
  special: specialTemplate(({ attributes: pairs }: { attributes: readonly Attribute[]; answer: string }) => ({
    kind: 'text',
    text: `<|start|>${pairs.map(({ token, value }) => `<|${token}|>${value}`).join('')}<|sep|>`,
  })),
  metrics: ['bleu_mteval', 'nist', 'meteor', 'rougeL_caption', 'cider'],
  maxTokens: 128,
});

interface Attribute {
  readonly token: string;
  readonly value: string;
}

/** `name[Green Door], customer rating[low]` as its attributes, in their order. */
function attributesOf(text: string): readonly Attribute[] {
  return text.split(', ').map((part) => {
    const [, name, value] = /^([^[\]]+)\[([^[\]]+)\]$/.exec(part.trim()) ?? [];
    if (name === undefined || value === undefined)
      throw fault(FIELD, `must list attributes as name[value], got ${JSON.stringify(part.slice(0, 50))}`);
    if (!attributes.includes(name))
      throw fault(
        FIELD,
        `has the unknown attribute ${JSON.stringify(name.slice(0, 50))}; known are ${attributes.join(', ')}`,
      );
    return { token: name === 'customer rating' ? 'customerRating' : name, value };
  });
}
