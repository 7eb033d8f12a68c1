import { trimEnd, wordsOf } from './words.js';

/** Splits a text into the tokens that a scorer compares. */
export type Tokeniser = (text: string) => string[];

/** Splits Western text as NIST's mteval-v13a does; numbers keep their points and commas. */
function thirteenA(text: string): string[] {
  const joined = trimEnd(text).replaceAll('<skipped>', '').replaceAll('-\n', '').replaceAll('\n', ' ');
  const plain = joined
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
  const spaced = ` ${plain} `
    .replace(/[{-~[-` -&(-+:-@/]/gu, ' $& ')
    .replace(/([^0-9])([.,])/gu, '$1 $2 ')
    .replace(/([.,])([^0-9])/gu, ' $1 $2')
    .replace(/([0-9])(-)/gu, '$1 $2 ');
  return wordsOf(spaced);
}

/** Splits at Unicode punctuation and symbols, as mteval-v14's international tokenisation does. */
function intl(text: string): string[] {
  const spaced = trimEnd(text)
    .replace(/(\P{N})(\p{P})/gu, '$1 $2 ')
    .replace(/(\p{P})(\P{N})/gu, ' $1 $2')
    .replace(/\p{S}/gu, ' $& ');
  return wordsOf(spaced);
}

/** BLEU's tokenisers by the names that sacrebleu gives them. */
export const tokenisers = { '13a': thirteenA, intl, none: wordsOf } as const satisfies Record<
  string,
  Tokeniser
>;
export type TokeniserName = keyof typeof tokenisers;

/** mteval lowers only the letters A to Z. */
export function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
