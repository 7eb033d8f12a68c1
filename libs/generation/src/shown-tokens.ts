import type { TokenLikelihood } from './token-event.js';

/** A token of an answer's text, and how likely it was. */
export interface ShownToken extends TokenLikelihood {
  readonly tokenId: number;
  /** Where its text begins in the answer, in UTF-16 units. */
  readonly offset: number;
}

/** Holds tokens back as long as their text is, so that none of a stop string is told. */
export class ShownTokens {
  #held: ShownToken[] = [];
  #read = 0;
  #shown = 0;

  /** Takes a token in whose text has so many UTF-16 units; 0 for a part of a character, and for what ends the answer. */
  push(tokenId: number, likelihood: TokenLikelihood, length: number): void {
    this.#held.push({ tokenId, ...likelihood, offset: this.#read });
    this.#read += length;
  }

  /** Tokens that begin within the answer's text now that it has so many more units; `whole`: all of them. */
  show(length: number, whole: boolean): readonly ShownToken[] {
    this.#shown += length;
    const open = whole ? this.#held.length : this.#held.findIndex(({ offset }) => offset >= this.#shown);
    return this.#held.splice(0, open < 0 ? this.#held.length : open);
  }
}
