import { AppError } from '@prad/errors';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BeamSequence, checkBeams } from './beam-sequence.js';
import { best, checkChoices, isCut } from './choices.js';
import type { BlockLayout, Executor, RowLogits } from './executor.js';
import { FairQueue } from './fair-queue.js';
import { answerLimit, checkGrammar, type GenerationRequest } from './generation-request.js';
import { rowsOf, tokensOf, type SavedBlock, type StepPlan } from './plan.js';
import { planStep, type EngineState, type RunningRow, type WaitingRow } from './policy.js';
import { PrefixCache } from './prefix-cache.js';
import { Sequence } from './sequence.js';
import { positionsOf } from './served-adapter.js';
import { slotAt, type End } from './slots.js';
import { stepFacts, type StepFacts, type StepParts } from './step-facts.js';
import type { TextRules } from './text-rules.js';
import type { TokenEvent } from './token-event.js';

export interface EngineOptions {
  /** Most prompt tokens in one step, and beside answers a part of them (`planStep`); a longer prompt is read in chunks, between which answers go on. */
  readonly prefillTokens: number;
  /** Most bytes of keys and values in all slots together; by default as many as they have room for. */
  readonly cacheBytes?: number | undefined;
  /** Most bytes of keys and values that prompts leave behind, for others that begin as they did; 0, the default, keeps none. */
  readonly prefixCacheBytes?: number | undefined;
  /** Called after each step; it must be quick. */
  readonly onStep?: (step: StepFacts) => void;
}

export interface EngineLoad {
  readonly waiting: number;
  readonly running: number;
  /** Tokens that the slots of those who run hold. */
  readonly heldTokens: number;
  /** What is kept of prompts. */
  readonly prefixBytes: number;
}

/** Answers requests for one base model, as many at a time as the executor has slots, each token of all in one step. */
export class Engine {
  #waiting: Sequence[] = [];
  #running: Sequence[] = [];
  readonly #queue = new FairQueue();
  readonly #prefixes: PrefixCache | undefined;
  readonly #cacheTokens: number;
  /** Blocks that a step which failed may have left. */
  #leftovers: readonly string[] = [];
  #submitted = 0;
  #loop: Promise<void> | undefined;
  /** When the last step's run ended; answers that go on had a token then. */
  #ran = 0;
  #closed = false;

  /** @throws AppError invalid `cache_too_small` where `cacheBytes` are fewer than one sequence may take. */
  constructor(
    private readonly executor: Executor,
    private readonly text: TextRules,
    private readonly options: EngineOptions,
  ) {
    const { cacheBytes = Infinity, prefixCacheBytes = 0 } = options;
    const { capacity, tokenBytes, blocks } = executor;
    this.#cacheTokens = Math.floor(cacheBytes / tokenBytes);
    if (this.#cacheTokens < capacity) throw cacheTooSmall(cacheBytes, executor);
    if (blocks && prefixCacheBytes >= blocks.tokens * tokenBytes) {
      this.#prefixes = new PrefixCache(prefixCacheBytes, blocks.tokens * tokenBytes);
    }
  }

  /** Requests that wait, choices that are being answered. */
  get load(): EngineLoad {
    const heldTokens = this.#running.reduce((sum, { positions }) => sum + positions, 0);
    const prefixBytes = this.#prefixes?.bytes ?? 0;
    return { waiting: this.#waiting.length, running: this.#running.length, heldTokens, prefixBytes };
  }

  /**
   * Queues a request. The events come as fast as they are read or faster. An abort, or a reader that leaves, frees the
   * slots before the next step; an abort ends the events with reason `cancelled`, a deadline that has passed with the
   * error cancelled `deadline_exceeded`.
   * @throws AppError invalid `prompt_too_long` and others of `answerLimit`, `checkChoices`, `checkBeams` and `checkGrammar`, at once;
   *   unavailable `engine_closed`.
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
    const layout = this.#prefixes && this.executor.blocks;
    const sequence = this.#sequence(request, limit, layout);
    const { channel } = sequence;
    const cancel = (): void => {
      channel.cancel();
    };
    this.#submitted += sequence.width;
    if (signal?.aborted === true) cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    this.#queue.arrive(sequence.share, new Set(this.#all().map(({ share }) => share)));
    this.#waiting.push(sequence);
    this.#loop ??= this.#run();
    return isCut(request) ? best(channel, request.n) : channel;
  }

  /** Cancels what is under way and frees the memory. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const { channel } of this.#all()) channel.cancel();
    await this.#loop;
    await this.executor.close();
  }

  #sequence(request: GenerationRequest, limit: number, layout?: BlockLayout): Sequence {
    const id = this.#submitted;
    const { beams } = request;
    checkChoices(request, this.executor.slots);
    checkGrammar(request, this.text.endTokens.size);
    if (!beams) return new Sequence(id, request, this.text, limit, layout);
    const asked = { ...request, beams };
    const longest = positionsOf(request.adapter) + request.prompt.length + limit;
    checkBeams(asked, { slots: this.executor.slots, cacheTokens: this.#cacheTokens, longest });
    return new BeamSequence(id, asked, this.text, limit, layout);
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
    const begins = performance.now();
    const { executor, options } = this;
    const { slots, chunks, blocks } = executor;
    const limits = { slots, chunks, cacheTokens: this.#cacheTokens, blockTokens: blocks?.tokens ?? 0 };
    const planned = planStep(this.#state(), { ...limits, prefillTokens: options.prefillTokens });
    const { copies, ...begun } = this.#begin(planned);
    const plan = { ...planned, copies, ...this.#keepPrefixes(planned) };
    const started = performance.now();
    try {
      const logits = await executor.run(plan);
      const ran = performance.now();
      await this.#constrain();
      const chosen = this.#commit(plan, logits);
      const times = { planned: begins, started, ran, chosen: performance.now(), previous: this.#ran };
      this.#ran = ran;
      options.onStep?.(stepFacts({ plan, blockTokens: limits.blockTokens, ...begun, chosen }, times));
    } catch (error) {
      this.#fail(plan, error);
    }
  }

  /** Ends what was cancelled, and what comes too late. */
  #dropUnwanted(): void {
    const now = Date.now();
    const wanted = (sequence: Sequence): boolean => {
      const { deadline = Infinity } = sequence.request;
      // Another choice of its request told the reader.
      if (sequence.channel.closed) sequence.leave();
      else if (sequence.channel.unwanted) sequence.finish('cancelled');
      else if (deadline <= now) sequence.fail(tooLate(sequence));
      else return true;
      return false;
    };
    this.#waiting = this.#waiting.filter(wanted);
    this.#running = this.#running.filter(wanted);
  }

  #state(): EngineState {
    const taken = this.#running.reduce((sum, { width }) => sum + width, 0);
    const free = this.executor.slots - taken;
    return {
      waiting: this.#queue.order(this.#waiting, free).map((sequence) => ({
        ...rowOf(sequence),
        kept: this.#keptOf(sequence),
      })),
      running: this.#running.flatMap(runningRows),
    };
  }

  /** Blocks of a prompt that need not be read; its last token must be, for the logits behind it. */
  #keptOf({ prompt, blocks }: Sequence): readonly string[] {
    const size = this.executor.blocks?.tokens;
    if (!this.#prefixes || size === undefined) return [];
    const usable = blocks.slice(0, Math.floor((prompt.length - 1) / size));
    return usable.slice(0, this.#prefixes.match(usable));
  }

  /** Keeps the blocks of prompts that are read to their ends in this step. */
  #keepPrefixes(plan: StepPlan): Pick<StepPlan, 'save' | 'drop'> {
    const size = this.executor.blocks?.tokens;
    const drop = new Set(this.#leftovers);
    this.#leftovers = [];
    const save = new Map<string, SavedBlock>();
    if (!this.#prefixes || size === undefined) return { save: [], drop: [] };
    for (const { request, slot, start, tokens, promptLength, adapter } of plan.prefill.flat()) {
      if (start + tokens.length < promptLength) continue;
      const { blocks = [] } = this.#running.find(({ id }) => id === request) ?? {};
      const behind = adapter?.prefix?.shape[0] ?? 0;
      const { added, dropped } = this.#prefixes.keep(blocks);
      for (const name of dropped) {
        drop.add(name);
        save.delete(name);
      }
      for (const place of added) {
        const block = blocks[place] ?? '';
        drop.delete(block);
        save.set(block, { slot, start: behind + place * size, block });
      }
    }
    return { drop: [...drop], save: [...save.values()] };
  }

  /** Puts everybody where the plan wants them, and returns who takes part and what is copied before. */
  #begin(plan: StepPlan): Pick<StepParts, 'together' | 'admitted'> & Pick<StepPlan, 'copies'> {
    const preempted = new Set(plan.preempted);
    const lost = this.#running.filter(({ id }) => preempted.has(id));
    for (const sequence of lost) sequence.preempt();
    const copies = this.#running.flatMap((sequence) => sequence.takeCopies());
    const slots = new Map(rowsOf(plan).map(({ request, slot }) => [request, slot]));
    const entering = this.#waiting.filter(({ id }) => slots.has(id));
    const admitted = entering.filter(({ queueMs }) => queueMs === undefined);
    this.#waiting = [...this.#waiting.filter(({ id }) => !slots.has(id)), ...lost];
    this.#running = [...this.#running.filter(({ id }) => !preempted.has(id)), ...entering];
    const together = this.#running.filter(({ rows }) => rows.some(({ id }) => slots.has(id)));
    const adapters = new Set(together.flatMap(({ request }) => request.adapter?.digest ?? []));
    const rows = this.#running.flatMap((sequence) => sequence.rows);
    for (const { from, to } of plan.moves) {
      const [row, there] = [from, to].map((at) => rows.find(({ slot }) => slot === at));
      if (row) row.slot = to;
      if (there) there.slot = from;
    }
    const loaded = new Map(plan.load.map(({ slot, blocks }) => [slot, blocks.length]));
    for (const sequence of entering) {
      sequence.enter((loaded.get(slots.get(sequence.id) ?? -1) ?? 0) * (this.executor.blocks?.tokens ?? 0));
    }
    for (const row of rows) row.slot = slots.get(row.id) ?? row.slot;
    for (const sequence of together) sequence.joins(slots.size, adapters.size);
    for (const { share, cost } of admitted) this.#queue.serve(share, cost);
    return { together, admitted, copies };
  }

  /** Asks the grammars of those that have one what may come next. */
  async #constrain(): Promise<void> {
    for (const sequence of this.#running) {
      if (!sequence.isConstrained) continue;
      try {
        await sequence.constrain();
      } catch (error) {
        sequence.fail(error);
        this.#running = this.#running.filter((other) => other !== sequence);
      }
    }
  }

  /** Each row's next token, where its slot holds all before it; who has had the last one leaves. */
  #commit(plan: StepPlan, logits: ReadonlyMap<number, RowLogits>): Sequence[] {
    const taken = new Map(rowsOf(plan).map((row) => [row.request, tokensOf(row)]));
    const chosen: Sequence[] = [];
    this.#running = this.#running.flatMap((sequence) => {
      if (!sequence.took(taken)) return [sequence];
      const { share, width } = sequence;
      try {
        const choices = sequence.choose((row) => logits.get(row) ?? missing(row));
        chosen.push(...choices);
        this.#queue.serve(share, width);
        return choices.filter(({ ended }) => !ended);
      } catch (error) {
        sequence.fail(error);
        return [];
      }
    });
    for (const { rows, request } of this.#running) {
      const end = request.adapter?.adaptsAnswers === true ? 'high' : 'low';
      for (const row of rows) if (row.slot < 0) row.slot = this.#freeSlot(end);
    }
    return chosen;
  }

  /** The free slot that is nearest to an end: rows of a kind stay within the slots that were set aside for them. */
  #freeSlot(end: End): number {
    const { slots } = this.executor;
    const taken = new Set(this.#running.flatMap(({ rows }) => rows.map(({ slot }) => slot)));
    let place = 0;
    while (taken.has(slotAt(end, place, slots))) place++;
    return slotAt(end, place, slots);
  }

  /** A step that failed ends the requests that have a slot; those that wait are tried. */
  #fail(plan: StepPlan, error: unknown): void {
    for (const sequence of this.#running) sequence.fail(error);
    this.#running = [];
    this.#leftovers = [...plan.drop, ...(this.#prefixes?.clear() ?? [])];
  }
}

function rowOf({ id, width, prompt, answer, request, priority }: Sequence): WaitingRow {
  return { request: id, width, prompt, answer, adapter: request.adapter, priority, kept: [] };
}

function runningRows(sequence: Sequence): RunningRow[] {
  const { id: owner, rows, width } = sequence;
  return rows.map(({ id, slot, held, answer }, place) => {
    // The first one stands for beams that have no slots yet.
    const slots = place === 0 ? 1 + width - rows.length : 1;
    // A spread takes ten times as long, in every step.
    return Object.assign(rowOf(sequence), { request: id, owner, answer, slot, held, width: slots });
  });
}

function cacheTooSmall(bytes: number, { capacity, tokenBytes }: Executor): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'cache_too_small',
    message: `a sequence of ${capacity} tokens takes ${capacity * tokenBytes} bytes of keys and values, and all together may take ${bytes}; allow more memory or shorter sequences`,
  });
}

function tooLate({ answer }: Sequence): AppError {
  return new AppError({
    kind: 'cancelled',
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
