import { bytes, Rule, sequence, type GrammarSymbol, type Sequence } from './symbols.js';

/** Digits of a whole number that are exact as a double. */
const EXACT_DIGITS = 15;
/** Digits before and behind the point: as many as a double has where it is spelled without an exponent. */
const MAX_WHOLE = 21;
const MAX_FRACTION = 23;

const rule = (...alternatives: readonly (readonly (string | GrammarSymbol)[])[]): Rule =>
  new Rule('#', () => alternatives.map((parts) => sequence(...parts)));

/** Behind a colon or a comma: a space, or nothing. */
export const space = rule([' '], []);

const digit = bytes('09');
const digits = (most: number): Rule => rule([], ...(most > 0 ? [[digit, digits(most - 1)]] : []));
const whole = (most: number): Rule => rule(['0'], [bytes('19'), digits(most - 1)]);
const fraction = rule([], ['.', digit, digits(MAX_FRACTION - 1)]);
// Two digits, so that no number is beyond those that a double holds.
const exponent = rule([], [bytes('ee', 'EE'), rule([], ['+'], ['-']), digit, digits(1)]);

/** A whole number of up to 15 digits. */
export const integer = rule([whole(EXACT_DIGITS)], ['-', whole(EXACT_DIGITS)]);
const magnitude = [whole(MAX_WHOLE), fraction, exponent];
export const number = rule(magnitude, ['-', ...magnitude]);

const hex = bytes('09', 'af', 'AF');
// No half of a surrogate pair: a text of UTF-8 has none, and as an escape it stands for no character.
const escape = rule(
  [bytes('""', '\\\\', '//', 'bb', 'ff', 'nn', 'rr', 'tt')],
  [
    'u',
    rule([bytes('09', 'ac', 'AC', 'ef', 'EF'), hex, hex, hex], [bytes('dd', 'DD'), bytes('07'), hex, hex]),
  ],
);
const tail = bytes('\x80\xbf');
/** Characters of UTF-8 by their bytes, as RFC 3629 has them, but for controls, quote and backslash. */
const characters: readonly Sequence[] = [
  [bytes(' !', '#[', ']\x7f')],
  [bytes('\xc2\xdf'), tail],
  [bytes('\xe0\xe0'), bytes('\xa0\xbf'), tail],
  [bytes('\xe1\xec', '\xee\xef'), tail, tail],
  [bytes('\xed\xed'), bytes('\x80\x9f'), tail],
  [bytes('\xf0\xf0'), bytes('\x90\xbf'), tail, tail],
  [bytes('\xf1\xf3'), tail, tail, tail],
  [bytes('\xf4\xf4'), bytes('\x80\x8f'), tail, tail],
  sequence('\\', escape),
];
// Characters and end in one rule: the engine looks beyond a rule's end at each step, and within one when it compiles.
const characterEnd: Rule = new Rule('#', () => [
  sequence('"'),
  ...characters.map((character) => [...character, characterEnd]),
]);
export const string = rule(['"', characterEnd]);

/** Any JSON value. */
export const anyValue: Rule = new Rule('#', () => [
  ...[[mapOf(anyValue, '#')], [arrayOf(anyValue, { minItems: 0, maxItems: undefined, path: '#' })]],
  ...[[string], [number], sequence('true'), sequence('false'), sequence('null')],
]);

/** An object of any keys. */
export function mapOf(values: Rule, path: string): Rule {
  const pair = sequence(string, ':', space, values);
  const more: Rule = new Rule(path, () => [sequence('}'), [...sequence(',', space), ...pair, more]]);
  return new Rule(path, () => [sequence('{}'), [...sequence('{'), ...pair, more]]);
}

interface ArrayBounds {
  readonly minItems: number;
  readonly maxItems: number | undefined;
  readonly path: string;
}

export function arrayOf(items: Rule, { minItems, maxItems = Infinity, path }: ArrayBounds): Rule {
  // Behind so many items, any further ones are alike.
  const settled = Math.max(1, minItems);
  const states = new Map<number, Rule>();
  const behind = (count: number): Rule => {
    const state = maxItems === Infinity ? Math.min(count, settled) : count;
    const known =
      states.get(state) ??
      new Rule(path, () => [
        ...(count >= minItems ? [sequence(']')] : []),
        ...(count < maxItems ? [sequence(...(count > 0 ? [',', space] : []), items, behind(count + 1))] : []),
      ]);
    states.set(state, known);
    return known;
  };
  return new Rule(path, () => [sequence('[', behind(0))]);
}
