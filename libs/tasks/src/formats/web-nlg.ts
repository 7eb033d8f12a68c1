import type { JsonObject } from '@prad/formats';
import { fault, listOf, textOf } from '../row.js';
import { defineTask } from '../task.js';
import { plainTemplate, specialTemplate } from '../templates.js';

/** RDF triples in words: WebNLG. */
export const webNlg = defineTask({
  name: 'web_nlg',
  description: 'Triples of subject, property and object in words, as in the WebNLG challenge.',
  example: { triple: ['Old_Mill|location|Millbrook'], text: 'The Old Mill is in Millbrook.' },
  parts: (row: JsonObject) => {
    const triples = triplesOf(row);
    const source = triples.map((parts) => parts.join(' | ')).join(', ');
    return { triples, source, answer: textOf(row, 'text') };
  },
  plain: plainTemplate(),
  special: specialTemplate(({ triples }: { triples: readonly Triple[]; answer: string }) => ({
    kind: 'text',
    text: `<|start|>${triples.map(written).join('<|triple_sep|>')}<|sep|>`,
  })),
  metrics: ['bleu', 'meteor', 'ter'],
  maxTokens: 128,
});

type Triple = readonly [subject: string, property: string, object: string];

function written([subject, property, object]: Triple): string {
  return `<|subject|>${subject}<|property|>${property}<|object|>${object}`;
}

function triplesOf(row: JsonObject): readonly Triple[] {
  const triples = listOf(row, 'triple');
  if (triples.length === 0) throw fault('triple', 'must not be empty');
  return triples.map((triple, index) => {
    const parts = typeof triple === 'string' ? triple.split('|').map((part) => part.trim()) : [];
    const [subject, property, object] = parts;
    if (parts.length === 3 && subject && property && object) return [subject, property, object];
    throw fault(`triple[${index}]`, 'must be text of the form subject|property|object');
  });
}
