import type { TokenGrammar, TokenMatcher } from './token-grammar.js';

/** Taking memory for a vocabulary for each token takes longer than the rest of it. */
let kept = new Float32Array();

/** Holds one answer to a grammar. What it keeps beside the answer's tokens can be made anew from them. */
export class Constraint {
  #matcher: TokenMatcher | undefined;
  #allowed: Int32Array | undefined;

  constructor(
    private readonly grammar: TokenGrammar,
    private readonly endTokens: ReadonlySet<number>,
  ) {}

  /** One for another answer to the same prompt, before the first token. */
  fork(): Constraint {
    const other = new Constraint(this.grammar, this.endTokens);
    other.#allowed = this.#allowed;
    return other;
  }

  /** Learns what may come behind the tokens of an answer. @throws as the grammar's engine does. */
  async prepare(answer: readonly number[]): Promise<void> {
    if (this.#allowed) return;
    if (!this.#matcher) {
      this.#matcher = await this.grammar.begin(this.endTokens);
      for (const id of answer) this.#matcher.accept(id);
    }
    this.#allowed = await this.#matcher.allowed();
  }

  /** The logits with those of all other tokens at minus infinity, in memory that the next call uses again. */
  allow(logits: Float32Array): Float32Array {
    const allowed = this.#allowed ?? new Int32Array();
    if (kept.length !== logits.length) kept = new Float32Array(logits.length);
    kept.fill(Number.NEGATIVE_INFINITY);
    for (let place = 0; place < allowed.length; place++) {
      const word = allowed[place] ?? 0;
      if (word === 0) continue;
      const end = Math.min(logits.length, (place + 1) * 32);
      for (let id = place * 32; id < end; id++)
        if (((word >>> (id & 31)) & 1) === 1) kept[id] = logits[id] ?? Number.NEGATIVE_INFINITY;
    }
    return kept;
  }

  /** Notes the token that was chosen. */
  accept(id: number): void {
    this.#matcher?.accept(id);
    this.#allowed = undefined;
  }

  /** Frees its memory; it can be prepared again. */
  release(): void {
    this.#matcher?.close();
    this.#matcher = undefined;
    this.#allowed = undefined;
  }
}
