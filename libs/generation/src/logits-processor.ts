/** What changes logits before a token is chosen from them; nothing by default. */
export interface LogitsRules {
  /** Added to the logits of these ids; from -100, which all but bans, to 100. */
  readonly logitBias?: Readonly<Record<number, number>> | undefined;
  /** Logits of tokens of the prompt and the answer are divided by this where positive, else multiplied; 1 = off. */
  readonly repetitionPenalty?: number | undefined;
  /** Taken from the logit of a token for each time that the answer has it; 0 = off. */
  readonly frequencyPenalty?: number | undefined;
  /** Taken from the logits of tokens that the answer has; 0 = off. */
  readonly presencePenalty?: number | undefined;
  /** The answer does not end by itself before it has so many tokens; 0 = off. */
  readonly minTokens?: number | undefined;
}

/** As long as a vocabulary: to take half a megabyte anew for each token kept the garbage collector busy. */
let changed = new Float32Array();

/**
 * Changes the logits of one answer: bias, repetition, frequency, presence, then the bar to end tokens. Bias and repetition as
 * transformers' `SequenceBiasLogitsProcessor` and `RepetitionPenaltyLogitsProcessor` (arXiv 1909.05858, section 4.1), frequency and
 * presence as OpenAI's API defines them.
 */
export class LogitsProcessor {
  /** The ids that repetition counts, and how often the answer has them. */
  readonly #counts = new Map<number, number>();
  #answered = 0;
  /** Nothing but the least number of tokens changes a logit. */
  readonly #onlyBars: boolean;

  private constructor(
    private readonly rules: LogitsRules,
    prompt: readonly number[],
    private readonly endTokens: ReadonlySet<number>,
  ) {
    for (const id of prompt) this.#counts.set(id, 0);
    this.#onlyBars = isOff({ ...rules, minTokens: 0 });
  }

  /** One for an answer that has no token yet; undefined where its logits stay as they are. */
  static for(
    rules: LogitsRules,
    prompt: readonly number[],
    endTokens: ReadonlySet<number>,
  ): LogitsProcessor | undefined {
    return isOff(rules) ? undefined : new LogitsProcessor(rules, prompt, endTokens);
  }

  /** The changed logits, in memory that the next call uses again: others may choose from the same ones. */
  process(logits: Float32Array): Float32Array {
    const barred = this.#answered < (this.rules.minTokens ?? 0);
    if (!barred && this.#onlyBars) return logits;
    if (changed.length !== logits.length) changed = new Float32Array(logits.length);
    changed.set(logits);
    this.#bias(changed);
    this.#penalise(changed);
    if (barred) {
      for (const id of this.endTokens) if (id < changed.length) changed[id] = Number.NEGATIVE_INFINITY;
    }
    return changed;
  }

  /** Notes the token that was chosen. */
  accept(id: number): void {
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
    this.#answered += 1;
  }

  #bias(logits: Float32Array): void {
    for (const [id, bias] of Object.entries(this.rules.logitBias ?? {})) {
      const place = Number(id);
      if (place < logits.length) logits[place] = (logits[place] ?? 0) + bias;
    }
  }

  #penalise(logits: Float32Array): void {
    const { repetitionPenalty = 1, frequencyPenalty = 0, presencePenalty = 0 } = this.rules;
    if (repetitionPenalty === 1 && frequencyPenalty === 0 && presencePenalty === 0) return;
    for (const [id, count] of this.#counts) {
      // An adapter's own special tokens lie behind the vocabulary.
      if (id >= logits.length) continue;
      let logit = logits[id] ?? 0;
      logit = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
      if (count > 0) logit -= count * frequencyPenalty + presencePenalty;
      logits[id] = logit;
    }
  }
}

function isOff({
  logitBias = {},
  repetitionPenalty = 1,
  frequencyPenalty = 0,
  presencePenalty = 0,
  minTokens = 0,
}: LogitsRules): boolean {
  return (
    Object.keys(logitBias).length === 0 &&
    repetitionPenalty === 1 &&
    frequencyPenalty === 0 &&
    presencePenalty === 0 &&
    minTokens === 0
  );
}
