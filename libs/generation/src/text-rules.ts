import { IncrementalDetokenizer } from '@prad/formats';
import type { BaseModel } from '@prad/models';

/** Ids to text, as they come. */
export interface Detokenizer {
  /** The text that this id completes. */
  push(id: number): string;
  /** The rest. */
  end(): string;
}

/** What the engine knows of text. */
export interface TextRules {
  /** Tokens that end an answer; they say nothing. */
  readonly endTokens: ReadonlySet<number>;
  /** A new one for each answer. */
  readonly detokenizer: () => Detokenizer;
}

/** The rules of a model: its end tokens, and text without special tokens. */
export function textRules({ tokenizer, endTokens }: Pick<BaseModel, 'tokenizer' | 'endTokens'>): TextRules {
  return {
    endTokens,
    detokenizer: () => new IncrementalDetokenizer(tokenizer, { skipSpecialTokens: true }),
  };
}
