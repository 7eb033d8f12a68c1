/**
 * The Porter stemmer (M. F. Porter, An algorithm for suffix stripping, 1980) with the departures that NLTK makes by
 * default, since rouge-score and NLTK's METEOR stem so.
 */

const irregular = new Map([
  ['skies', 'sky'],
  ['dying', 'die'],
  ['lying', 'lie'],
  ['tying', 'tie'],
  ['innings', 'inning'],
  ['outings', 'outing'],
  ['cannings', 'canning'],
  ...['sky', 'news', 'inning', 'outing', 'canning', 'howe', 'proceed', 'exceed', 'succeed'].map(
    (word) => [word, word] as const,
  ),
]);

/** `c` for a consonant and `v` for a vowel; a y after a consonant is a vowel. */
function shapeOf(word: string): string {
  let shape = '';
  for (const letter of word) {
    const isVowel = 'aeiou'.includes(letter) || (letter === 'y' && shape.endsWith('c'));
    shape += isVowel ? 'v' : 'c';
  }
  return shape;
}

/** The m of the paper: how many times a vowel is followed by a consonant. */
const measureOf = (stem: string): number => shapeOf(stem).split('vc').length - 1;
const hasVowel = (stem: string): boolean => shapeOf(stem).includes('v');

/** The paper's *o, and for two letters a vowel and a consonant. */
function endsShort(stem: string): boolean {
  const shape = shapeOf(stem);
  return (shape.endsWith('cvc') && !/[wxy]$/.test(stem)) || shape === 'vc';
}

function endsDouble(stem: string): boolean {
  return stem.length > 1 && stem.at(-1) === stem.at(-2) && shapeOf(stem).endsWith('c');
}

type Rule = readonly [suffix: string, replacement: string];

/** The first rule whose suffix the word has decides, whether its condition holds or not. */
function applyFirst(
  word: string,
  rules: readonly Rule[],
  condition: (stem: string, suffix: string) => boolean,
): string {
  const rule = rules.find(([suffix]) => word.endsWith(suffix));
  if (!rule) return word;
  const [suffix, replacement] = rule;
  const stem = word.slice(0, word.length - suffix.length);
  return condition(stem, suffix) ? stem + replacement : word;
}

function plural(word: string): string {
  if (word.endsWith('ies') && word.length === 4) return word.slice(0, -1);
  const rules: Rule[] = [
    ['sses', 'ss'],
    ['ies', 'i'],
    ['ss', 'ss'],
    ['s', ''],
  ];
  return applyFirst(word, rules, () => true);
}

function pastOrGerund(word: string): string {
  if (word.endsWith('ied')) return word.slice(0, word.length === 4 ? -1 : -2);
  if (word.endsWith('eed')) return measureOf(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
  const suffix = ['ed', 'ing'].find((ending) => word.endsWith(ending));
  const stem = suffix === undefined ? '' : word.slice(0, -suffix.length);
  if (!hasVowel(stem)) return word;
  if (/(?:at|bl|iz)$/.test(stem)) return `${stem}e`;
  if (endsDouble(stem)) return /[lsz]$/.test(stem) ? stem : stem.slice(0, -1);
  return measureOf(stem) === 1 && endsShort(stem) ? `${stem}e` : stem;
}

function finalY(word: string): string {
  const stem = word.slice(0, -1);
  return word.endsWith('y') && stem.length > 1 && shapeOf(stem).endsWith('c') ? `${stem}i` : word;
}

const longSuffixes: readonly Rule[] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  ['bli', 'ble'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['fulli', 'ful'],
  ['logi', 'log'],
];

function doubleSuffix(word: string): string {
  if (word.endsWith('alli') && measureOf(word.slice(0, -4)) > 0) return doubleSuffix(word.slice(0, -2));
  // NLTK measures the stem of -logi with its l.
  return applyFirst(
    word,
    longSuffixes,
    (stem, suffix) => measureOf(suffix === 'logi' ? `${stem}l` : stem) > 0,
  );
}

const adjectiveSuffixes: readonly Rule[] = [
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
];

const lastSuffixes: readonly Rule[] = [
  'al',
  'ance',
  'ence',
  'er',
  'ic',
  'able',
  'ible',
  'ant',
  'ement',
  'ment',
  'ent',
  'ion',
  'ou',
  'ism',
  'ate',
  'iti',
  'ous',
  'ive',
  'ize',
].map((suffix) => [suffix, ''] as const);

function dropLast(word: string): string {
  return applyFirst(
    word,
    lastSuffixes,
    (stem, suffix) => measureOf(stem) > 1 && (suffix !== 'ion' || /[st]$/.test(stem)),
  );
}

function tidy(word: string): string {
  let tidied = word;
  if (word.endsWith('e')) {
    const stem = word.slice(0, -1);
    const measure = measureOf(stem);
    if (measure > 1 || (measure === 1 && !endsShort(stem))) tidied = stem;
  }
  return tidied.endsWith('ll') && measureOf(tidied.slice(0, -1)) > 1 ? tidied.slice(0, -1) : tidied;
}

const steps = [
  plural,
  pastOrGerund,
  finalY,
  doubleSuffix,
  (word: string) => applyFirst(word, adjectiveSuffixes, (stem) => measureOf(stem) > 0),
  dropLast,
  tidy,
];

/** The stem of a word, in lower case. */
export function porterStem(word: string): string {
  const lower = word.toLowerCase();
  const known = irregular.get(lower);
  if (known !== undefined) return known;
  return word.length <= 2 ? lower : steps.reduce((stem, step) => step(stem), lower);
}
