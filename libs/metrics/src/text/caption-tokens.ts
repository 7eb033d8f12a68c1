/** The marks that the COCO caption scorer leaves out, once split off. */
const dropped = new Set([
  "'",
  '`',
  '.',
  '?',
  '!',
  ',',
  ':',
  '-',
  ';',
  '"',
  '“',
  '”',
  '‘',
  '’',
  '…',
  '–',
  '—',
  '&quot;',
]);

/** What the Penn Treebank writes for a sign. */
const written = new Map([
  ['£', '#'],
  ['€', '$'],
  ['(', '-lrb-'],
  [')', '-rrb-'],
  ['[', '-lsb-'],
  [']', '-rsb-'],
  ['{', '-lcb-'],
  ['}', '-rcb-'],
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&amp;', '&'],
]);

/** Abbreviations whose point stays with them, as it does after single letters. */
const abbreviations = '(?:mr|mrs|ms|dr|prof|st|no|vs|etc|inc|ltd|co|jr|sr|rd|ave)\\.';
const apostrophe = "['’]";
const suffix = `${apostrophe}(?:s|re|ve|d|ll|m)(?![\\p{L}\\p{N}])`;
const letter = '[\\p{L}\\p{M}\\p{N}]';
/** What a word is made of besides letters: decimal marks, hyphens, apostrophes, a point before a comma, a sign. */
const inWord = [
  '(?<=\\d)[.,:/](?=\\d)',
  `(?<=${letter})[-_/.@](?=${letter})`,
  `(?<=${letter})(?!${suffix})${apostrophe}(?=${letter})`,
  `(?<=\\p{L})\\.(?=,)`,
  '(?<=[£$€])-(?=\\d)',
];
const negation = `n${apostrophe}t(?!${letter})`;
const token = new RegExp(
  [
    '&(?:quot|lt|gt|amp);',
    '<[^<>\\s]+>',
    `[@#]\\p{L}${letter}*`,
    `${abbreviations}(?=\\s+\\S)`,
    '(?<!\\p{L})(?:\\p{L}\\.){2,}',
    negation,
    suffix,
    `(?<!${letter})can(?=not(?!${letter}))`,
    `(?:(?!${negation})${letter}|${inWord.join('|')})+`,
    '\\p{P}|[$£€+<=>^`|~]',
  ].join('|'),
  'gu',
);

/**
 * The words of a caption, lower-cased, without punctuation: what the COCO caption scorer keeps of the Penn Treebank
 * tokens of ordinary sentences. Hyphens, decimals and abbreviations stay in words, `'s` and `n't` are words of their
 * own; emoji and other symbols are left out.
 */
export function captionTokens(text: string): string[] {
  const found = text.toLowerCase().match(token) ?? [];
  return found
    .filter((piece) => !dropped.has(piece))
    .map((piece) => written.get(piece) ?? piece.replace(/^’(?=\p{L}+$)|(?<=^n)’(?=t$)/u, "'"));
}
