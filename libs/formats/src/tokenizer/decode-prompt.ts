import { addedAround } from './encode-prompt.js';
import { IncrementalDetokenizer } from './incremental-detokenizer.js';
import type { Tokenizer } from './tokenizer.js';

/** The text that a prompt's tokens are of: special tokens say what they are, those that the tokenizer adds by itself nothing. */
export function decodePrompt(tokenizer: Tokenizer, tokens: readonly number[]): string {
  const { from, to } = givenOf(tokenizer, tokens);
  return tokenizer.decode(tokens.slice(from, to));
}

/** Where in that text each of the tokens begins, in UTF-16 units. */
export function promptOffsets(tokenizer: Tokenizer, tokens: readonly number[]): number[] {
  const { from, to } = givenOf(tokenizer, tokens);
  const detokenizer = new IncrementalDetokenizer(tokenizer);
  let offset = 0;
  return tokens.map((token, place) => {
    const begin = offset;
    if (place >= from && place < to) offset += detokenizer.push(token).length;
    return begin;
  });
}

/** The tokens between those that the tokenizer adds to every text. */
function givenOf(tokenizer: Tokenizer, tokens: readonly number[]): { from: number; to: number } {
  const { before, after } = addedAround(tokenizer);
  const begins = before.every((id, place) => tokens[place] === id);
  const from = begins ? before.length : 0;
  const end = tokens.length - after.length;
  const ends = end >= from && after.every((id, place) => tokens[end + place] === id);
  return { from, to: ends ? end : tokens.length };
}
