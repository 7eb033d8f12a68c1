import { EventChannel } from './event-channel.js';
import type { BlockLayout } from './executor.js';
import type { GenerationRequest } from './generation-request.js';
import { LogitsProcessor } from './logits-processor.js';
import type { Copy } from './plan.js';
import type { Detokenizer, TextRules } from './text-rules.js';
import { blockNames } from './prefix-cache.js';
import { likelihoodOf, sample } from './sampling.js';
import { ShownTokens } from './shown-tokens.js';
import { StopMatcher } from './stop.js';
import type { FinishReason, TokenEvent } from './token-event.js';

/** A slot's part in a request: the request itself, or one of its beams. */
export interface SlotRow {
  readonly id: number;
  slot: number;
  /** Tokens of prompt and answer that the slot holds. */
  held: number;
  readonly answer: readonly number[];
}

/** A request on its way: what was chosen so far, and what its reader was told. */
export class Sequence implements SlotRow {
  readonly channel: EventChannel<TokenEvent>;
  /** What is read before the answer: the adapter's own tokens and the prompt's. */
  readonly prompt: readonly number[];
  /** Set by the reader's signal; acted upon before the next step. */
  cancelled = false;
  /** Where it lies once it was admitted. */
  slot = -1;
  /** Tokens of prompt and answer that its slot holds. */
  held = 0;
  /** Names of its prompt's whole blocks, where prompts are kept. */
  readonly blocks: readonly string[];
  readonly #tokens: number[] = [];
  /** Tokens that end the answer. */
  readonly #endTokens: ReadonlySet<number>;
  readonly #processor: LogitsProcessor | undefined;
  readonly #stop: StopMatcher;
  readonly #shown = new ShownTokens();
  readonly #detokenizer: Detokenizer;
  readonly #times: { submitted: number; admitted?: number; first?: number; last?: number };
  #maxRows = 0;
  #cached = 0;
  #maxAdapters = 0;

  constructor(
    readonly id: number,
    readonly request: GenerationRequest,
    protected readonly text: TextRules,
    /** Most tokens that may be chosen. */
    protected readonly limit: number,
    onLeave: () => void,
    layout?: BlockLayout,
  ) {
    this.channel = new EventChannel(onLeave);
    this.prompt = [...(request.adapter?.softTokens ?? []), ...request.prompt];
    const { adapter } = request;
    this.blocks = layout ? blockNames({ tokens: this.prompt, adapter }, layout.tokens, layout.key) : [];
    this.#endTokens = new Set([...text.endTokens, ...(request.stopTokenIds ?? [])]);
    this.#processor = LogitsProcessor.for(request.sampling, request.prompt, this.#endTokens);
    this.#stop = new StopMatcher(request.stop ?? []);
    this.#detokenizer = text.detokenizer();
    this.#times = { submitted: performance.now() };
  }

  /** Slots that are set aside for it. */
  get width(): number {
    return this.request.beams?.numBeams ?? 1;
  }

  /** Its part in each slot that it has. */
  get rows(): readonly SlotRow[] {
    return [this];
  }

  /** Positions that it takes of its slots. */
  get positions(): number {
    const prefix = this.request.adapter?.prefix?.shape[0] ?? 0;
    return this.rows.reduce((sum, { held }) => sum + (held === 0 ? 0 : prefix + held), 0);
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
    this.held = 0;
  }

  /** Gets a slot that holds the first tokens of its prompt. */
  enter(kept: number): void {
    this.held = kept;
    const own = this.prompt.length - this.request.prompt.length;
    // What it finds after it lost a slot, it may have left itself.
    if (this.#times.admitted === undefined) this.#cached = Math.max(0, kept - own);
  }

  /** Notes how many tokens its rows took, and tells whether the logits behind them are those of the next token. */
  took(tokens: ReadonlyMap<number, number>): boolean {
    const rows = this.rows.filter(({ id }) => tokens.has(id));
    for (const row of rows) row.held += tokens.get(row.id) ?? 0;
    return rows.length > 0 && rows.every(({ held, answer }) => held === this.prompt.length + answer.length);
  }

  /** Goes on by a token, given the logits behind each of its rows; tells whether that was the last one. */
  choose(logitsOf: (row: number) => Float32Array): boolean {
    return this.accept(logitsOf(this.id));
  }

  /** Puts rows that have no slot yet into free ones. @returns what they get of others. */
  settle(_free: () => number): readonly Copy[] {
    return [];
  }

  /**
   * Chooses the next token, tells the reader, and tells whether that was the last one.
   * @throws AppError bug `logits_not_finite`.
   */
  accept(logits: Float32Array): boolean {
    const index = this.#tokens.length;
    const { sampling, logprobs } = this.request;
    const tokenId = sample(this.#processor?.process(logits) ?? logits, sampling, index);
    this.#processor?.accept(tokenId);
    this.#tokens.push(tokenId);
    this.mark();
    const { piece, text, reason, stopped } = this.#read(tokenId);
    const event = { type: 'token', index, tokenId, text } as const;
    if (logprobs === undefined) this.channel.push(event);
    else {
      // An end token says nothing.
      if (!this.#endTokens.has(tokenId))
        this.#shown.push(tokenId, likelihoodOf(logits, tokenId, logprobs), piece.length);
      const whole = reason !== undefined && !stopped;
      this.channel.push({ ...event, shown: this.#shown.show(text.length, whole) });
    }
    if (reason) this.finish(reason);
    return reason !== undefined;
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
    this.channel.push({
      type: 'finished',
      reason,
      usage: {
        promptTokens: this.request.prompt.length,
        cachedTokens: this.#cached,
        completionTokens: this.completionTokens,
      },
      timings: { queueMs: admitted - submitted, prefillMs: first - admitted, decodeMs: last - first },
      batch: { maxRows: this.#maxRows, maxAdapters: this.#maxAdapters },
    });
    this.channel.close();
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
