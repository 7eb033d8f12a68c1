import type { AnswerRow, PromptOutput, PromptRow } from './reading-executor.js';
import { checkReading, type ReadingFacts, type ReadingRequest } from './reading-request.js';
import { likelihoodOf, logProbability } from './sampling.js';
import type { ServedAdapter } from './served-adapter.js';
import type { TokenLikelihood } from './token-event.js';

/** Tokens that go in at once where each leaves V logits. */
const TOKENS_WITH_LOGITS = 64;

/** An answer whose tokens behind the first have to be put into the slot for their scores. */
interface OpenAnswer {
  readonly index: number;
  /** All but the last, whose own logits nobody asks for. */
  readonly tokens: readonly number[];
}

/** One prompt on its way through the reader. */
export class Reading {
  /** Settles when all is known, or with the error that ended it. */
  readonly done: Promise<void>;
  /** What is read: the adapter's own tokens and the prompt's. */
  readonly tokens: readonly number[];
  /** For each answer, the scores of its tokens so far. */
  readonly scores: number[][];
  /** Answers that go through the slot, in their order. */
  readonly open: OpenAnswer[];
  /** Of the prompt's tokens from the second on, where they are asked for. */
  readonly likelihoods: TokenLikelihood[] = [];
  /** Of the hidden states so far, [E]. */
  #sum: Float64Array | undefined;
  readonly #times: { submitted: number; begun?: number; read?: number; scored?: number };
  #held = 0;
  #over = false;
  #end: (error?: Error) => void = () => undefined;
  #company = { rows: 0, adapters: 0 };

  /** @throws AppError invalid, see `checkReading`. */
  constructor(
    readonly id: number,
    readonly request: ReadingRequest,
    capacity: number,
  ) {
    checkReading(request, capacity);
    this.tokens = [...(request.adapter?.softTokens ?? []), ...request.prompt];
    this.scores = this.#answers.map(() => []);
    this.open = this.#answers.flatMap((answer, index) =>
      answer.length > 1 ? [{ index, tokens: answer.slice(0, -1) }] : [],
    );
    this.#times = { submitted: performance.now() };
    this.done = new Promise((resolve, reject) => {
      this.#end = (error) => {
        if (error) reject(error);
        else resolve();
      };
    });
  }

  /** Ends it with an error, unless it has ended. */
  fail(error: unknown): void {
    this.#over = true;
    this.#end(error instanceof Error ? error : new Error(String(error), { cause: error }));
  }

  /** Whether its result is known or wanted no more. */
  get isOver(): boolean {
    return this.#over;
  }

  get share(): string {
    return this.request.share ?? '';
  }

  get priority(): number {
    return this.request.priority ?? 0;
  }

  /** Tokens that it takes to answer. */
  get cost(): number {
    return this.tokens.length + this.open.reduce((sum, { tokens }) => sum + tokens.length, 0);
  }

  /** Whether its prompt shares no run: it lies behind an adapter's prefix, or is read in pieces for its many logits. */
  get isAlone(): boolean {
    const { request, tokens } = this;
    if (request.adapter?.prefix !== undefined) return true;
    return 'logprobs' in request && tokens.length > TOKENS_WITH_LOGITS;
  }

  /** Positions of its slot once the prompt is read. */
  get positions(): number {
    return (this.request.adapter?.prefix?.shape[0] ?? 0) + this.tokens.length;
  }

  /** Whether its answers go through the adapter as well. */
  get adaptsAnswers(): boolean {
    return this.request.adapter?.adaptsAnswers === true;
  }

  /** The adapter of its answers. */
  get answerAdapter(): ServedAdapter | undefined {
    return this.adaptsAnswers ? this.request.adapter : undefined;
  }

  get begun(): boolean {
    return this.#times.begun !== undefined;
  }

  /** Whether it waits for scores of an answer. */
  get isOpen(): boolean {
    return !this.#over && this.isRead && this.open.length > 0;
  }

  /** Tokens of its open answers that are to be put in. */
  get answerTokensLeft(): number {
    return this.open.reduce((sum, answer) => sum + answer.tokens.length - this.#scored(answer), 0);
  }

  get isRead(): boolean {
    return this.#held === this.tokens.length;
  }

  /** Milliseconds from its submission to its first run. */
  get queueMs(): number {
    const { submitted, begun = submitted } = this.#times;
    return begun - submitted;
  }

  joins(rows: number, adapters: number): void {
    this.#times.begun ??= performance.now();
    this.#company = {
      rows: Math.max(this.#company.rows, rows),
      adapters: Math.max(this.#company.adapters, adapters),
    };
  }

  /** The next tokens of its prompt, at most so many; Infinity: all. */
  chunk(most: number): PromptRow {
    const { request } = this;
    const pieces = 'logprobs' in request && most < Infinity ? Math.min(most, TOKENS_WITH_LOGITS) : most;
    const tokens = this.tokens.slice(this.#held, this.#held + pieces);
    const last = this.#held + tokens.length === this.tokens.length ? [tokens.length - 1] : [];
    const row = { tokens, start: this.#held, promptLength: this.tokens.length, adapter: request.adapter };
    if ('answers' in request) return { ...row, read: [], logits: last };
    const own = this.tokens.length - request.prompt.length;
    const places = [...tokens.keys()].filter((place) => this.#held + place >= own);
    // Nothing of the prompt follows its last token.
    if ('logprobs' in request)
      return { ...row, read: [], logits: places.filter((place) => !last.includes(place)) };
    return { ...row, read: request.pooling === 'mean' ? places : last, logits: [] };
  }

  /** Takes what a chunk gave. */
  took({ tokens, start, logits: places }: PromptRow, { hidden, logits }: PromptOutput): void {
    this.#held += tokens.length;
    const { request } = this;
    if ('logprobs' in request) {
      for (const [index, row] of logits.entries()) {
        const next = this.tokens[start + (places[index] ?? 0) + 1] ?? 0;
        this.likelihoods.push(likelihoodOf(row, next, request.logprobs));
      }
    }
    for (const state of hidden) {
      const sum = (this.#sum ??= new Float64Array(state.length));
      for (const [i, x] of state.entries()) sum[i] = (sum[i] ?? 0) + x;
    }
    if (!this.isRead) return;
    this.#times.read = performance.now();
    const [behind] = logits;
    this.#answers.forEach(([first = 0], index) => {
      if (behind) this.scores[index]?.push(logProbability(behind, first));
    });
    this.#endIfDone();
  }

  /** The next tokens of its first open answer, at most so many. */
  answerRow(slot: number, most = TOKENS_WITH_LOGITS): AnswerRow {
    const [answer = { index: 0, tokens: [] }] = this.open;
    const done = this.#scored(answer);
    const tokens = answer.tokens.slice(done, done + most);
    return { slot, tokens, past: this.positions + done, adapter: this.answerAdapter };
  }

  /** Takes the logits behind tokens of its first open answer. */
  answered(logits: readonly Float32Array[]): void {
    const [answer] = this.open;
    if (!answer) return;
    const whole = this.#answers[answer.index] ?? [];
    for (const row of logits) {
      const next = whole[this.#scored(answer) + 1] ?? 0;
      this.scores[answer.index]?.push(logProbability(row, next));
    }
    if (this.#scored(answer) === answer.tokens.length) this.open.shift();
    this.#times.scored = performance.now();
    this.#endIfDone();
  }

  /** The pooled hidden states [E], of length 1. */
  vector(): Float32Array {
    const sum = this.#sum ?? new Float64Array(0);
    const length = Math.hypot(...sum);
    return Float32Array.from(sum, (x) => (length > 0 ? x / length : 0));
  }

  facts(): ReadingFacts {
    const { submitted, begun = submitted, read = begun, scored = read } = this.#times;
    return {
      promptTokens: this.request.prompt.length,
      answerTokens: this.#answers.reduce((sum, answer) => sum + answer.length, 0),
      ...{ queueMs: begun - submitted, prefillMs: read - begun, scoreMs: scored - read },
      ...{ maxRows: this.#company.rows, maxAdapters: this.#company.adapters },
    };
  }

  get #answers(): readonly (readonly number[])[] {
    return 'answers' in this.request ? this.request.answers : [];
  }

  #endIfDone(): void {
    if (this.#over || this.open.length > 0) return;
    this.#over = true;
    this.#end();
  }

  /** How many tokens of an open answer are in the slot. */
  #scored({ index }: OpenAnswer): number {
    return (this.scores[index]?.length ?? 1) - 1;
  }
}
