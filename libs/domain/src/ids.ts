import { randomInt } from 'node:crypto';

/** Prefixes of public ids, one for each kind of row. */
export type IdPrefix =
  | 'file'
  | 'ftjob'
  | 'sweep'
  | 'ftevent'
  | 'ftckpt'
  | 'cmpl'
  | 'chatcmpl'
  | 'embd'
  | 'score'
  | 'advers'
  | 'eval'
  | 'evalevent'
  | 'worker'
  | 'lease'
  | 'key';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_LENGTH = 24;

function randomText(length: number, alphabet: string): string {
  let text = '';
  for (let i = 0; i < length; i++) text += alphabet.charAt(randomInt(alphabet.length));
  return text;
}

/** A new public id such as `ftjob-4kZ...`: the prefix and 24 random characters (about 143 bits). */
export function newId(prefix: IdPrefix): string {
  return `${prefix}-${randomText(ID_LENGTH, ALPHABET)}`;
}

/** Eight random lower-case characters that tell adapters of the same suffix apart. */
export function newAdapterTag(): string {
  return randomText(8, '0123456789abcdefghijklmnopqrstuvwxyz');
}
