import { IncrementalDetokenizer, type Tokenizer } from '@prad/formats';

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

/** The rules of a model's tokenizer: its end token, and text without special tokens. */
export function textRules(tokenizer: Tokenizer): TextRules {
  const { eosTokenId } = tokenizer;
  return {
    endTokens: new Set(eosTokenId === undefined ? [] : [eosTokenId]),
    detokenizer: () => new IncrementalDetokenizer(tokenizer, { skipSpecialTokens: true }),
  };
}
