import { BYTE_CHARACTERS, BYTE_VOCABULARY, WORD_PATTERN } from './byte-alphabet.js';
import { SPECIAL_TOKENS } from './special-tokens.js';

/** A trained byte-level BPE: tokens in the order of their ids, and merges in the order of their rank. */
export interface BytePairModel {
  readonly tokens: readonly string[];
  readonly merges: readonly (readonly [string, string])[];
}

interface Word {
  readonly count: number;
  symbols: number[];
}

const PAIR_BASE = 65_536;

/**
 * Trains byte-level BPE (Sennrich et al. 2016, over bytes as in GPT-2) until the vocabulary, special tokens and
 * the 256 bytes included, has `vocabularySize` members. Equal counts are settled by the smaller ids, so the result
 * depends on the text alone. Pair counts are kept up to date from merge to merge.
 */
export function trainBytePairs(texts: Iterable<string>, vocabularySize: number): BytePairModel {
  const tokens: string[] = [...SPECIAL_TOKENS, ...BYTE_VOCABULARY];
  const words = countWords(texts, new Map(tokens.map((token, id) => [token, id])));
  const pairs = new PairCounts(words);
  const merges: [string, string][] = [];
  while (tokens.length < vocabularySize) {
    const best = pairs.best();
    if (best === undefined) break;
    const left = tokens[Math.floor(best / PAIR_BASE)] ?? '';
    const right = tokens[best % PAIR_BASE] ?? '';
    merges.push([left, right]);
    pairs.merge(best, tokens.push(left + right) - 1);
  }
  return { tokens, merges };
}

function countWords(texts: Iterable<string>, ids: ReadonlyMap<string, number>): Word[] {
  const counts = new Map<string, number>();
  const special = new RegExp(SPECIAL_TOKENS.map((token) => token.replaceAll('|', '\\|')).join('|'));
  for (const text of texts) {
    for (const piece of text.split(special)) {
      for (const word of piece.match(WORD_PATTERN) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  const encoder = new TextEncoder();
  return [...counts].map(([word, count]) => ({
    count,
    symbols: [...encoder.encode(word)].map((byte) => ids.get(BYTE_CHARACTERS[byte] ?? '') ?? 0),
  }));
}

/** How often each pair of neighbours occurs, and in which words. */
class PairCounts {
  private readonly counts = new Map<number, number>();
  private readonly places = new Map<number, Set<Word>>();

  constructor(words: readonly Word[]) {
    for (const word of words) this.add(word, 1);
  }

  /** The most frequent pair, or undefined where no pair occurs twice. */
  best(): number | undefined {
    let best: number | undefined;
    let most = 1;
    for (const [pair, count] of this.counts) {
      if (count > most || (count === most && best !== undefined && pair < best)) {
        best = pair;
        most = count;
      }
    }
    return best;
  }

  /** Replaces a pair by one symbol in every word that holds it. */
  merge(pair: number, symbol: number): void {
    const left = Math.floor(pair / PAIR_BASE);
    const right = pair % PAIR_BASE;
    for (const word of [...(this.places.get(pair) ?? [])]) {
      this.add(word, -1);
      const merged: number[] = [];
      for (let i = 0; i < word.symbols.length; i++) {
        const found = word.symbols[i] === left && word.symbols[i + 1] === right;
        merged.push(found ? symbol : (word.symbols[i] ?? 0));
        if (found) i++;
      }
      word.symbols = merged;
      this.add(word, 1);
    }
  }

  private add(word: Word, sign: 1 | -1): void {
    for (let i = 0; i + 1 < word.symbols.length; i++) {
      const pair = (word.symbols[i] ?? 0) * PAIR_BASE + (word.symbols[i + 1] ?? 0);
      const count = (this.counts.get(pair) ?? 0) + sign * word.count;
      if (count === 0) this.counts.delete(pair);
      else this.counts.set(pair, count);
      let places = this.places.get(pair);
      if (places === undefined) this.places.set(pair, (places = new Set()));
      if (sign === 1) places.add(word);
      else places.delete(word);
    }
  }
}
