/** A grammar over one vocabulary: which answers a request may be given. */
export interface TokenGrammar {
  /**
   * A new answer's way through it.
   * @param endTokens tokens that end an answer; they are allowed where the grammar may end, and only there.
   */
  readonly begin: (endTokens: ReadonlySet<number>) => Promise<TokenMatcher>;
}

/** How far an answer has come in its grammar. */
export interface TokenMatcher {
  /** The tokens that may come next: bit `id % 32` of word `id >> 5`. */
  readonly allowed: () => Promise<Int32Array>;
  /** Goes on by a token. @throws AppError bug `token_not_allowed` */
  readonly accept: (id: number) => void;
  /** Frees its memory. */
  readonly close: () => void;
}
