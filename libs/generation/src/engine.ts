import { AppError } from '@prad/errors';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Executor } from './executor.js';
import { FairQueue } from './fair-queue.js';
import { answerLimit, type GenerationRequest } from './generation-request.js';
import { rowsOf, tokensOf, type StepPlan } from './plan.js';
import { planStep, type EngineState, type WaitingRow } from './policy.js';
import { Sequence } from './sequence.js';
import { stepFacts, type StepFacts, type StepParts } from './step-facts.js';
import type { TextRules } from './text-rules.js';
import type { TokenEvent } from './token-event.js';

export interface EngineOptions {
  /** Most prompt tokens in one step; a longer prompt is read in chunks, between which answers go on. */
  readonly prefillTokens: number;
  /** Most tokens in all slots together; by default as many as they have room for. */
  readonly cacheTokens?: number | undefined;
  /** Called after each step; it must be quick. */
  readonly onStep?: (step: StepFacts) => void;
}

/** Answers requests for one base model, as many at a time as the executor has slots, each token of all in one step. */
export class Engine {
  #waiting: Sequence[] = [];
  #running: Sequence[] = [];
  readonly #queue = new FairQueue();
  #submitted = 0;
  #loop: Promise<void> | undefined;
  /** When the last step's run ended; answers that go on had a token then. */
  #ran = 0;
  #closed = false;

  /** @throws AppError invalid `cache_too_small` where `cacheTokens` are fewer than one sequence may have. */
  constructor(
    private readonly executor: Executor,
    private readonly text: TextRules,
    private readonly options: EngineOptions,
  ) {
    const { cacheTokens = Infinity } = options;
    if (cacheTokens >= executor.capacity) return;
    throw new AppError({
      kind: 'invalid',
      code: 'cache_too_small',
      message: `the cache may hold ${cacheTokens} tokens, and a single sequence ${executor.capacity}; allow more memory or shorter sequences`,
    });
  }

  /** Requests that wait or are being answered, and the tokens that the slots of these hold. */
  get load(): { readonly waiting: number; readonly running: number; readonly heldTokens: number } {
    const heldTokens = this.#running.reduce((sum, { positions }) => sum + positions, 0);
    return { waiting: this.#waiting.length, running: this.#running.length, heldTokens };
  }

  /**
   * Queues a request. The events come as fast as they are read or faster. An abort, or a reader that leaves, frees the
   * slot before the next step; an abort ends the events with reason `cancelled`, a deadline that has passed with the
   * error unavailable `deadline_exceeded`.
   * @throws AppError invalid `prompt_too_long` and others of `answerLimit`, at once; unavailable `engine_closed`.
   */
  submit(request: GenerationRequest, signal?: AbortSignal): AsyncIterable<TokenEvent> {
    if (this.#closed) {
      throw new AppError({
        kind: 'unavailable',
        code: 'engine_closed',
        message: 'the engine is shutting down',
      });
    }
    const limit = answerLimit(request, this.executor.capacity);
    const cancel = (): void => {
      sequence.cancelled = true;
    };
    const sequence = new Sequence(this.#submitted++, request, this.text, limit, cancel);
    if (signal?.aborted === true) cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    this.#queue.arrive(sequence.share, new Set(this.#all().map(({ share }) => share)));
    this.#waiting.push(sequence);
    this.#loop ??= this.#run();
    return sequence.channel;
  }

  /** Cancels what is under way and frees the memory. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const sequence of this.#all()) sequence.cancelled = true;
    await this.#loop;
    await this.executor.close();
  }

  #all(): Sequence[] {
    return [...this.#waiting, ...this.#running];
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        // Lets requests, aborts and readers in: the executor blocks its thread.
        await nextTurn();
        this.#dropUnwanted();
        if (this.#waiting.length + this.#running.length === 0) return;
        await this.#step();
      }
    } finally {
      this.#loop = undefined;
    }
  }

  async #step(): Promise<void> {
    const planned = performance.now();
    const { executor, options } = this;
    const { slots, chunks } = executor;
    const { prefillTokens, cacheTokens = Infinity } = options;
    const plan = planStep(this.#state(), { slots, chunks, prefillTokens, cacheTokens });
    const begun = this.#begin(plan);
    const started = performance.now();
    try {
      const logits = await executor.run(plan);
      const ran = performance.now();
      const chosen = this.#commit(plan, logits);
      const times = { planned, started, ran, chosen: performance.now(), previous: this.#ran };
      this.#ran = ran;
      options.onStep?.(stepFacts({ plan, ...begun, chosen }, times));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Ends what was cancelled, and what comes too late. */
  #dropUnwanted(): void {
    const now = Date.now();
    const wanted = (sequence: Sequence): boolean => {
      const { deadline = Infinity } = sequence.request;
      if (sequence.cancelled) sequence.finish('cancelled');
      else if (deadline <= now) sequence.channel.fail(tooLate(sequence));
      else return true;
      return false;
    };
    this.#waiting = this.#waiting.filter(wanted);
    this.#running = this.#running.filter(wanted);
  }

  #state(): EngineState {
    const free = this.executor.slots - this.#running.length;
    return {
      waiting: this.#queue.order(this.#waiting, free).map(rowOf),
      running: this.#running.map((sequence) => ({
        ...rowOf(sequence),
        slot: sequence.slot,
        held: sequence.held,
      })),
    };
  }

  /** Puts everybody where the plan wants them, and returns who takes part. */
  #begin(plan: StepPlan): Pick<StepParts, 'together' | 'admitted'> {
    const preempted = new Set(plan.preempted);
    const lost = this.#running.filter(({ id }) => preempted.has(id));
    for (const sequence of lost) sequence.preempt();
    const slots = new Map(rowsOf(plan).map(({ request, slot }) => [request, slot]));
    const entering = this.#waiting.filter(({ id }) => slots.has(id));
    const admitted = entering.filter(({ queueMs }) => queueMs === undefined);
    this.#waiting = [...this.#waiting.filter(({ id }) => !slots.has(id)), ...lost];
    this.#running = [...this.#running.filter(({ id }) => !preempted.has(id)), ...entering];
    const together = this.#running.filter(({ id }) => slots.has(id));
    const adapters = new Set(together.flatMap(({ request }) => request.adapter?.digest ?? []));
    for (const { from, to } of plan.moves) {
      const [row, there] = [from, to].map((at) => this.#running.find(({ slot }) => slot === at));
      if (row) row.slot = to;
      if (there) there.slot = from;
    }
    for (const sequence of together) {
      sequence.slot = slots.get(sequence.id) ?? sequence.slot;
      sequence.joins(together.length, adapters.size);
    }
    for (const { share, cost } of admitted) this.#queue.serve(share, cost);
    return { together, admitted };
  }

  /** Each row's next token, where its slot holds all before it; who has had the last one leaves. */
  #commit(plan: StepPlan, logits: ReadonlyMap<number, Float32Array>): Sequence[] {
    const taken = new Map(rowsOf(plan).map((row) => [row.request, tokensOf(row)]));
    const chosen: Sequence[] = [];
    this.#running = this.#running.filter((sequence) => {
      const tokens = taken.get(sequence.id);
      if (tokens === undefined || !sequence.took(tokens)) return true;
      try {
        const ended = sequence.accept(logits.get(sequence.id) ?? missing(sequence.id));
        chosen.push(sequence);
        this.#queue.serve(sequence.share, 1);
        return !ended;
      } catch (error) {
        sequence.channel.fail(error);
        return false;
      }
    });
    return chosen;
  }

  /** A step that failed ends the requests that have a slot; those that wait are tried. */
  #fail(error: unknown): void {
    for (const { channel } of this.#running) channel.fail(error);
    this.#running = [];
  }
}

function rowOf({ id, prompt, answer, request, priority }: Sequence): WaitingRow {
  return { request: id, prompt, answer, adapter: request.adapter, priority };
}

function tooLate({ answer }: Sequence): AppError {
  return new AppError({
    kind: 'unavailable',
    code: 'deadline_exceeded',
    message: `the deadline has passed, ${answer.length} tokens after the answer's beginning`,
  });
}

function missing(request: number): never {
  throw new AppError({
    kind: 'bug',
    code: 'missing_logits',
    message: `the executor gave no logits for request ${request}`,
  });
}
