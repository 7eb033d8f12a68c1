import { isCut, samplesOf } from './choices.js';
import { Constraint } from './constraint.js';
import { EventChannel } from './event-channel.js';
import type { BlockLayout, RowLogits } from './executor.js';
import type { GenerationRequest } from './generation-request.js';
import { LogitsProcessor } from './logits-processor.js';
import type { Copy } from './plan.js';
import type { Detokenizer, TextRules } from './text-rules.js';
import { blockNames } from './prefix-cache.js';
import { likelihoodOf, logProbability, sample } from './sampling.js';
import { ShownTokens } from './shown-tokens.js';
import { StopMatcher } from './stop.js';
import type { FinishReason, TokenEvent } from './token-event.js';

/** A slot's part in a request: one of its choices, or of its beams. */
export interface SlotRow {
  readonly id: number;
  /** -1 where it has none yet. */
  slot: number;
  /** The slot whose content it gets before the next step. */
  from?: number | undefined;
  /** Tokens of prompt and answer that the slot holds. */
  held: number;
  readonly answer: readonly number[];
}

/**
 * A choice of a request on its way: what was chosen so far, and what its reader was told. The first choice reads the prompt;
 * when it gets its first token, the others follow from it, with copies of its slot and its next ids. From then on each
 * is on its own: it ends, loses its slot and comes back for itself.
 */
export class Sequence implements SlotRow {
  readonly channel: EventChannel<TokenEvent>;
  /** What is read before the answer: the adapter's own tokens and the prompt's. */
  readonly prompt: readonly number[];
  /** Which of the request's answers it is. */
  readonly choice: number;
  /** Where it lies once it was admitted. */
  slot = -1;
  from: number | undefined;
  /** Tokens of prompt and answer that its slot holds. */
  held = 0;
  /** Names of its prompt's whole blocks, where prompts are kept. */
  readonly blocks: readonly string[];
  readonly #tokens: number[] = [];
  /** Tokens that end the answer. */
  readonly #endTokens: ReadonlySet<number>;
  readonly #processor: LogitsProcessor | undefined;
  readonly #constraint: Constraint | undefined;
  readonly #stop: StopMatcher;
  readonly #shown = new ShownTokens();
  readonly #detokenizer: Detokenizer;
  readonly #times: { submitted: number; admitted?: number; first?: number; last?: number };
  #ended = false;
  /** Sum of its tokens' log-probabilities, where the best choices are given. */
  #likelihood: number | undefined;
  #maxRows = 0;
  #cached = 0;
  #maxAdapters = 0;

  constructor(
    readonly id: number,
    readonly request: GenerationRequest,
    protected readonly text: TextRules,
    /** Most tokens that may be chosen. */
    protected readonly limit: number,
    layout?: BlockLayout,
    /** The choice that read the prompt. */
    first?: Sequence,
  ) {
    const { adapter } = request;
    this.choice = first ? id - first.id : 0;
    this.channel = first?.channel ?? new EventChannel(samplesOf(request));
    this.prompt = first?.prompt ?? [...(adapter?.softTokens ?? []), ...request.prompt];
    this.blocks =
      first?.blocks ??
      (layout ? blockNames({ tokens: this.prompt, adapter }, layout.tokens, layout.key) : []);
    this.#endTokens = new Set([...text.endTokens, ...(request.stopTokenIds ?? [])]);
    this.#processor = LogitsProcessor.for(request.sampling, request.prompt, this.#endTokens);
    const { grammar } = request;
    const before = first ? first.#constraint : undefined;
    if (grammar) this.#constraint = before?.fork() ?? new Constraint(grammar, this.#endTokens);
    this.#stop = new StopMatcher(request.stop ?? []);
    this.#detokenizer = text.detokenizer();
    this.#likelihood = isCut(request) ? 0 : undefined;
    this.#times = { submitted: performance.now() };
    if (!first) return;
    this.held = first.held;
    Object.assign(this.#times, first.#times);
    this.#maxRows = first.#maxRows;
    this.#maxAdapters = first.#maxAdapters;
  }

  /** Slots that are set aside for it, and for the choices that follow from it. */
  get width(): number {
    return this.#tokens.length === 0 ? samplesOf(this.request) : 1;
  }

  /** Whether its reader was told all. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Its part in each slot that it has. */
  get rows(): readonly SlotRow[] {
    return [this];
  }

  /** Positions that it takes of its slots. */
  get positions(): number {
    return this.rows.reduce((sum, row) => {
      const empty = row.held === 0 || row.from !== undefined;
      return sum + (empty ? 0 : this.#positionsOf(row));
    }, 0);
  }

  /** What its rows get of other slots before the next step; they have slots now. */
  takeCopies(): readonly Copy[] {
    return this.rows.flatMap((row) => {
      const { from, slot: to } = row;
      row.from = undefined;
      return from === undefined ? [] : [{ from, to, length: this.#positionsOf(row) }];
    });
  }

  #positionsOf({ held }: SlotRow): number {
    return (this.request.adapter?.prefix?.shape[0] ?? 0) + held;
  }

  get share(): string {
    return this.request.share ?? '';
  }

  get priority(): number {
    return this.request.priority ?? 0;
  }

  /** Tokens that a slot must be given before the next one comes. */
  get cost(): number {
    return this.prompt.length + this.#tokens.length;
  }

  /** What was chosen so far. */
  get answer(): readonly number[] {
    return this.#tokens;
  }

  /** Milliseconds from the submission to the first step with it; undefined before it. */
  get queueMs(): number | undefined {
    const { submitted, admitted } = this.#times;
    return admitted === undefined ? undefined : admitted - submitted;
  }

  /** Milliseconds from the submission to the first token; undefined before it. */
  get firstTokenMs(): number | undefined {
    const { submitted, first } = this.#times;
    return first === undefined ? undefined : first - submitted;
  }

  /** Notes the company in a step that is about to run. */
  joins(rows: number, adapters: number): void {
    this.#times.admitted ??= performance.now();
    this.#maxRows = Math.max(this.#maxRows, rows);
    this.#maxAdapters = Math.max(this.#maxAdapters, adapters);
  }

  /** Loses its slot and waits again; its tokens stay, and are put into the next slot. */
  preempt(): void {
    this.slot = -1;
    this.from = undefined;
    this.held = 0;
    this.#constraint?.release();
  }

  /** Gets a slot that holds the first tokens of its prompt. */
  enter(kept: number): void {
    this.held = kept;
    const own = this.prompt.length - this.request.prompt.length;
    // What it finds after it lost a slot, it may have left itself.
    if (this.#times.admitted === undefined) this.#cached = Math.max(0, kept - own);
  }

  /** Whether a grammar says what it may be. */
  get isConstrained(): boolean {
    return this.#constraint !== undefined;
  }

  /** Learns which tokens its grammar allows next. @throws as `Constraint.prepare`. */
  async constrain(): Promise<void> {
    await this.#constraint?.prepare(this.#tokens);
  }

  /** Notes how many tokens its rows took, and tells whether the logits behind them are those of the next token. */
  took(tokens: ReadonlyMap<number, number>): boolean {
    const rows = this.rows.filter(({ id }) => tokens.has(id));
    for (const row of rows) row.held += tokens.get(row.id) ?? 0;
    return rows.length > 0 && rows.every(({ held, answer }) => held === this.prompt.length + answer.length);
  }

  /** Goes on by a token, given the logits behind each of its rows. @returns who got one: it, and the choices that follow from it. */
  choose(logitsOf: (row: number) => RowLogits): readonly Sequence[] {
    const logits = logitsOf(this.id);
    const choices = Array.from({ length: this.width }, (_, choice) =>
      choice === 0 ? this : this.#follower(choice),
    );
    for (const choice of choices) choice.accept(logits);
    const [heir, ...others] = choices.filter(({ ended }) => !ended);
    if (heir) heir.slot = this.slot;
    for (const other of others) other.from = this.slot;
    return choices;
  }

  #follower(choice: number): Sequence {
    return new Sequence(this.id + choice, this.request, this.text, this.limit, undefined, this);
  }

  /**
   * Chooses the next token and tells the reader.
   * @throws AppError bug `logits_not_finite`.
   */
  accept({ values: logits, largest }: RowLogits): void {
    const index = this.#tokens.length;
    const { sampling, logprobs } = this.request;
    const ruled = this.#processor?.process(logits) ?? logits;
    const allowed = this.#constraint?.allow(ruled) ?? ruled;
    const found = allowed === logits ? largest : undefined;
    const tokenId = sample(allowed, sampling, { index, choice: this.choice, largest: found });
    this.#processor?.accept(tokenId);
    this.#constraint?.accept(tokenId);
    this.#tokens.push(tokenId);
    if (this.#likelihood !== undefined) this.#likelihood += logProbability(logits, tokenId);
    this.mark();
    const { piece, text, reason, stopped } = this.#read(tokenId);
    const event = { type: 'token', choice: this.choice, index, tokenId, text } as const;
    if (logprobs === undefined) this.channel.push(event);
    else {
      const ends = this.#endTokens.has(tokenId);
      if (!ends || this.request.logprobOfEnd === true)
        this.#shown.push(tokenId, likelihoodOf(logits, tokenId, logprobs), ends ? 0 : piece.length);
      const whole = reason !== undefined && !stopped;
      this.channel.push({ ...event, shown: this.#shown.show(text.length, whole) });
    }
    if (reason) this.finish(reason);
  }

  protected get completionTokens(): number {
    return this.#tokens.length;
  }

  /** Notes that there is a token now. */
  protected mark(): void {
    this.#times.last = performance.now();
    this.#times.first ??= this.#times.last;
  }

  finish(reason: FinishReason): void {
    const { submitted, admitted = performance.now(), first = admitted, last = first } = this.#times;
    const { choice, completionTokens } = this;
    const promptTokens = choice === 0 ? this.request.prompt.length : 0;
    this.channel.push({
      ...{ type: 'finished', choice, reason },
      usage: { promptTokens, cachedTokens: this.#cached, completionTokens },
      timings: { queueMs: admitted - submitted, prefillMs: first - admitted, decodeMs: last - first },
      batch: { maxRows: this.#maxRows, maxAdapters: this.#maxAdapters },
      ...(this.#likelihood !== undefined && { meanLogprob: this.#likelihood / completionTokens }),
    });
    this.#ended = true;
    this.leave();
    if (reason === 'cancelled') this.channel.close();
    else this.channel.end();
  }

  /** Ends it with an error. */
  fail(error: unknown): void {
    this.channel.fail(error);
    this.leave();
  }

  /** Frees what it holds beside its slot. */
  leave(): void {
    this.#constraint?.release();
  }

  /** The text that a token adds, the text that is certain now, and the reason when it is the last one. */
  #read(tokenId: number): Reading {
    const ended = this.#endTokens.has(tokenId);
    const full = this.#tokens.length >= this.limit;
    const last = ended || full;
    const piece = (ended ? '' : this.#detokenizer.push(tokenId)) + (last ? this.#detokenizer.end() : '');
    // No stop string is looked for in the least part of an answer.
    const { minTokens = 0 } = this.request.sampling;
    if (!last && this.#tokens.length < minTokens)
      return { piece, text: piece, reason: undefined, stopped: false };
    const { text, stopped } = this.#stop.push(piece);
    if (stopped) return { piece, text, reason: 'stop', stopped };
    if (!last) return { piece, text, reason: undefined, stopped };
    return { piece, text: text + this.#stop.flush(), reason: ended ? 'stop' : 'length', stopped };
  }
}

interface Reading {
  readonly piece: string;
  readonly text: string;
  readonly reason: FinishReason | undefined;
  /** A stop string was found. */
  readonly stopped: boolean;
}
