import type { Prompt, TextPiece } from '@prad/formats';
import type { Purpose, Template } from './task.js';

/** What the released templates are made of: a source text and the answer to it. */
export interface SourceAndAnswer {
  readonly source: string;
  readonly answer: string;
}

/** The tokens that the released GPT-2 code adds, in its order: the first one ends answers where rows are tied. */
export const specialTokens = [
  '<|end|>',
  '<|subject|>',
  '<|property|>',
  '<|object|>',
  '<|triple_sep|>',
  '<|start|>',
  '<|sep|>',
  '<|source|>',
  '<target>',
  '<|name|>',
  '<|eatType|>',
  '<|familyFriendly|>',
  '<|priceRange|>',
  '<|food|>',
  '<|near|>',
  '<|area|>',
  '<|customerRating|>',
];

/** Beams of the released code, by its template. */
const SPECIAL_BEAMS = 3;
const PLAIN_BEAMS = 1;

/** The first `count` tokens of a text. */
export function firstTokens(text: string, count: number | undefined): TextPiece {
  return count === undefined ? { text } : { text, keep: { first: count, last: 0 } };
}

/** Tokens of a plain prompt that are kept: of its beginning, and of its end, which says where the answer begins. */
const PLAIN_FIRST: Readonly<Record<Purpose, number>> = { train: 256, test: 512 };
const PLAIN_LAST = 5;

/** `#INPUT: ... #OUTPUT: `, as the released LLaMA code asks. */
export function plainTemplate(cut?: { readonly answer: number }): Template<SourceAndAnswer> {
  return {
    prompt: ({ source }, purpose) => {
      const text = `#INPUT: ${source} #OUTPUT: `;
      return cut
        ? { kind: 'pieces', pieces: [{ text, keep: { first: PLAIN_FIRST[purpose], last: PLAIN_LAST } }] }
        : { kind: 'text', text };
    },
    answer: ({ answer }) => firstTokens(answer, cut?.answer),
    numBeams: PLAIN_BEAMS,
  };
}

/** Text between special tokens, as the released GPT-2 code asks; `prompt` writes what stands between start and separator. */
export function specialTemplate<Parts extends { readonly answer: string }>(
  prompt: (parts: Parts, purpose: Purpose) => Prompt,
  cut?: { readonly answer: number },
) {
  return {
    prompt,
    answer: ({ answer }: Parts) => firstTokens(answer, cut?.answer),
    numBeams: SPECIAL_BEAMS,
    tokens: specialTokens,
  };
}

/** `<|start|>`, the first tokens of the source, `<|sep|>`. */
export function between(source: string, first: number): Prompt {
  return { kind: 'pieces', pieces: [{ text: '<|start|>' }, firstTokens(source, first), { text: '<|sep|>' }] };
}
