import type { DecodeOptions, Tokenizer } from './tokenizer.js';

const REPLACEMENT = '\uFFFD';

/**
 * Turns ids into text as they come. Text is held back while it may still change: when it ends in a character whose
 * bytes are not all there. All deltas and `end()` together are `tokenizer.decode(ids)`.
 *
 * A window of the last complete tokens is decoded with the new ones behind it, since what a token says may depend on
 * the one before it; so a push costs the window, not the whole text.
 */
export class IncrementalDetokenizer {
  private readonly window: number[] = [];
  /** How many ids of the window have been given out as text. */
  private given = 0;

  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly options: DecodeOptions = {},
  ) {}

  /** The text that this id completes; often empty for parts of a character. */
  push(id: number): string {
    if (this.options.skipSpecialTokens === true && this.tokenizer.isSpecial(id)) return '';
    this.window.push(id);
    const text = this.tokenizer.decode(this.window);
    return text.endsWith(REPLACEMENT) ? '' : this.giveOut(text);
  }

  /** The rest, with U+FFFD for bytes that never became a character. */
  end(): string {
    return this.giveOut(this.tokenizer.decode(this.window));
  }

  private giveOut(text: string): string {
    const before = this.tokenizer.decode(this.window.slice(0, this.given));
    this.window.splice(0, this.given);
    this.given = this.window.length;
    return text.slice(before.length);
  }
}
