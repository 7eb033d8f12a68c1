import { defineMetric, type Metric } from '../metric.js';
import { total } from '../text/ngrams.js';
import { wordsOf } from '../text/words.js';
import { editPath, type EditPath } from './edit-distance.js';

export interface TerOptions {
  readonly caseSensitive?: boolean;
}

/** Bounds of the search, as Tercom has them. */
const LONGEST_SHIFT = 10;
const FARTHEST_SHIFT = 50;
const MOST_CANDIDATES = 1000;

/**
 * Translation edit rate (Snover et al. 2006) as sacrebleu computes it without normalisation, in percent: edits and
 * shifts of the nearest reference over the mean length of the references. Lower is better.
 */
export function ter({ caseSensitive = false }: TerOptions = {}): Metric {
  const words = (text: string) => wordsOf(caseSensitive ? text : text.toLowerCase());
  return defineMetric({
    name: 'ter',
    higherIsBetter: false,
    settings: { case: caseSensitive ? 'mixed' : 'lc', tok: 'tercom', norm: false, punct: true, asian: false },
    statistics: (samples) =>
      samples.map(({ prediction, references }) => {
        const all = references.map(words);
        const edits = all.map((reference) => countEdits(words(prediction), reference));
        return [Math.min(...edits), total(all.map(({ length }) => length)) / all.length];
      }),
    score: ([edits = 0, length = 0]) => (length > 0 ? (100 * edits) / length : edits > 0 ? 100 : 0),
  });
}

/** Insertions, deletions, substitutions and shifts of phrases, found greedily. */
function countEdits(prediction: readonly string[], reference: readonly string[]): number {
  if (reference.length === 0) return prediction.length;
  let words = prediction;
  let path = editPath(words, reference);
  const search = { candidates: 0 };
  for (let shifts = 0; ; shifts += 1) {
    const best = bestShift(words, reference, path, search);
    if (!best || search.candidates >= MOST_CANDIDATES || best.gain <= 0) return shifts + path.distance;
    words = best.words;
    path = editPath(words, reference);
  }
}

interface Shift {
  /** Edits that it saves. */
  readonly gain: number;
  readonly length: number;
  readonly start: number;
  readonly target: number;
  readonly words: readonly string[];
}

/** The shift that saves most; of those the longest, then the first phrase, then the first target. */
function bestShift(
  words: readonly string[],
  reference: readonly string[],
  path: EditPath,
  search: { candidates: number },
): Shift | undefined {
  const alignment = align(path);
  let best: Shift | undefined;
  for (const { start, at, length } of samePhrases(words, reference)) {
    if (!isWorthMoving(alignment, start, at, length)) continue;
    for (const target of targets(alignment, at, length)) {
      const shifted = move(words, start, length, target);
      const gain = path.distance - editPath(shifted, reference).distance;
      search.candidates += 1;
      const shift = { gain, length, start, target, words: shifted };
      if (!best || isBetter(shift, best)) best = shift;
    }
    if (search.candidates >= MOST_CANDIDATES) break;
  }
  return best;
}

function isBetter(shift: Shift, best: Shift): boolean {
  const order = [
    shift.gain - best.gain,
    shift.length - best.length,
    best.start - shift.start,
    best.target - shift.target,
  ];
  return (order.find((difference) => difference !== 0) ?? 0) > 0;
}

interface Alignment {
  /** The prediction's word that each of the reference's words lies at; -1 for before the first. */
  readonly places: readonly number[];
  /** Whether the reference's and the prediction's words need an edit. */
  readonly wrongReference: readonly boolean[];
  readonly wrongWords: readonly boolean[];
}

function align({ edits }: EditPath): Alignment {
  const places: number[] = [];
  const wrongReference: boolean[] = [];
  const wrongWords: boolean[] = [];
  for (const edit of edits) {
    if (edit !== 'insert') wrongWords.push(edit !== 'keep');
    if (edit === 'delete') continue;
    places.push(wrongWords.length - 1);
    wrongReference.push(edit !== 'keep');
  }
  return { places, wrongReference, wrongWords };
}

/** Both phrases hold an error, and the phrase does not lie where it belongs already. */
function isWorthMoving(alignment: Alignment, start: number, at: number, length: number): boolean {
  const place = alignment.places[at] ?? -1;
  return (
    alignment.wrongWords.slice(start, start + length).includes(true) &&
    alignment.wrongReference.slice(at, at + length).includes(true) &&
    !(start <= place && place < start + length)
  );
}

/** Where a phrase could go to: before and after the places of the reference's words. */
function targets({ places }: Alignment, at: number, length: number): number[] {
  const found: number[] = [];
  for (let offset = -1; offset < length; offset += 1) {
    const position = at + offset;
    const place = position === -1 ? -1 : places[position];
    if (place === undefined) break;
    if (found.at(-1) !== place + 1) found.push(place + 1);
  }
  return found;
}

function move(words: readonly string[], start: number, length: number, target: number): string[] {
  const phrase = words.slice(start, start + length);
  const rest = [...words.slice(0, start), ...words.slice(start + length)];
  // A target inside the phrase counts from its start among the words that remain.
  const into = target > start + length ? target - length : target;
  return [...rest.slice(0, into), ...phrase, ...rest.slice(into)];
}

interface SamePhrase {
  readonly start: number;
  /** Where it begins in the reference. */
  readonly at: number;
  readonly length: number;
}

/** Phrases that both have, each beginning with all its lengths. */
function* samePhrases(words: readonly string[], reference: readonly string[]): Generator<SamePhrase> {
  for (let start = 0; start < words.length; start += 1) {
    const first = Math.max(0, start - FARTHEST_SHIFT);
    const last = Math.min(reference.length - 1, start + FARTHEST_SHIFT);
    for (let at = first; at <= last; at += 1) {
      const room = Math.min(LONGEST_SHIFT, words.length - start, reference.length - at);
      for (let length = 1; length <= room; length += 1) {
        if (words[start + length - 1] !== reference[at + length - 1]) break;
        yield { start, at, length };
      }
    }
  }
}
