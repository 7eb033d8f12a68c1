import { AppError } from '@prad/errors';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Executor } from './executor.js';
import { answerLimit, type GenerationRequest } from './generation-request.js';
import { rowsOf, type StepPlan } from './plan.js';
import { planStep, type EngineState } from './policy.js';
import { Sequence } from './sequence.js';
import { stepFacts, type StepFacts } from './step-facts.js';
import type { TextRules } from './text-rules.js';
import type { TokenEvent } from './token-event.js';

export interface EngineOptions {
  /** Most prompt tokens in one step. */
  readonly prefillTokens: number;
  /** Called after each step; it must be quick. */
  readonly onStep?: (step: StepFacts) => void;
}

/** Answers requests for one base model, as many at a time as the executor has slots, each token of all in one step. */
export class Engine {
  #waiting: Sequence[] = [];
  #running: Sequence[] = [];
  #submitted = 0;
  #loop: Promise<void> | undefined;
  /** When the last step's run ended; answers that go on had a token then. */
  #ran = 0;
  #closed = false;

  constructor(
    private readonly executor: Executor,
    private readonly text: TextRules,
    private readonly options: EngineOptions,
  ) {}

  /** Requests that wait or are being answered. */
  get load(): { readonly waiting: number; readonly running: number } {
    return { waiting: this.#waiting.length, running: this.#running.length };
  }

  /**
   * Queues a request. The events come as fast as they are read or faster. An abort, or a reader that leaves, frees the
   * slot before the next step; an abort ends the events with reason `cancelled`.
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
    this.#waiting.push(sequence);
    this.#loop ??= this.#run();
    return sequence.channel;
  }

  /** Cancels what is under way and frees the memory. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const sequence of [...this.#waiting, ...this.#running]) sequence.cancelled = true;
    await this.#loop;
    await this.executor.close();
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        // Lets requests, aborts and readers in: the executor blocks its thread.
        await nextTurn();
        this.#dropCancelled();
        if (this.#waiting.length + this.#running.length === 0) return;
        const plan = planStep(this.#state(), { slots: this.executor.slots, ...this.options });
        const together = this.#begin(plan);
        const started = performance.now();
        try {
          const logits = await this.executor.run(plan);
          const ran = performance.now();
          this.#commit(logits);
          this.options.onStep?.(stepFacts(plan, together, { started, ran, previous: this.#ran }));
          this.#ran = ran;
        } catch (error) {
          this.#fail(error);
        }
      }
    } finally {
      this.#loop = undefined;
    }
  }

  #dropCancelled(): void {
    const wanted = (sequence: Sequence): boolean => {
      if (sequence.cancelled) sequence.finish('cancelled');
      return !sequence.cancelled;
    };
    this.#waiting = this.#waiting.filter(wanted);
    this.#running = this.#running.filter(wanted);
  }

  #state(): EngineState {
    return {
      waiting: this.#waiting.map(({ id, prompt, request }) => ({
        request: id,
        prompt,
        adapter: request.adapter,
      })),
      running: this.#running.map((sequence) => ({
        request: sequence.id,
        slot: sequence.slot,
        length: sequence.cached,
        token: sequence.lastToken,
        adapter: sequence.request.adapter,
      })),
    };
  }

  /** Puts everybody where the plan wants them, and returns who takes part. */
  #begin(plan: StepPlan): readonly Sequence[] {
    const slots = new Map(rowsOf(plan).map(({ request, slot }) => [request, slot]));
    const together = [...this.#running, ...this.#waiting].filter(({ id }) => slots.has(id));
    const adapters = new Set(together.flatMap(({ request }) => request.adapter?.digest ?? []));
    this.#waiting = this.#waiting.filter(({ id }) => !slots.has(id));
    this.#running = together;
    for (const sequence of together) {
      sequence.slot = slots.get(sequence.id) ?? sequence.slot;
      sequence.joins(together.length, adapters.size);
    }
    return together;
  }

  /** Each row's next token; who has had the last one leaves. */
  #commit(logits: ReadonlyMap<number, Float32Array>): void {
    this.#running = this.#running.filter((sequence) => {
      try {
        return !sequence.accept(logits.get(sequence.id) ?? missing(sequence.id));
      } catch (error) {
        sequence.channel.fail(error);
        return false;
      }
    });
  }

  /** A step that failed ends the requests that were part of it; those that wait are tried. */
  #fail(error: unknown): void {
    for (const { channel } of this.#running) channel.fail(error);
    this.#running = [];
  }
}

function missing(request: number): never {
  throw new AppError({
    kind: 'bug',
    code: 'missing_logits',
    message: `the executor gave no logits for request ${request}`,
  });
}
