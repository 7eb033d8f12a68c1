import { AppError } from '@prad/errors';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FairQueue } from './fair-queue.js';
import type { AnswerRow, PromptRow, ReadingExecutor } from './reading-executor.js';
import { Reading } from './reading.js';
import type {
  Embedding,
  EmbeddingRequest,
  LikelihoodRequest,
  PromptLikelihoods,
  ReadingRequest,
  ScoreRequest,
  Scores,
} from './reading-request.js';

export interface PromptReaderOptions {
  /** Most prompt tokens in one run, padding included; a longer prompt is read in chunks. */
  readonly prefillTokens: number;
  /** Called after each run; it must be quick. */
  readonly onRun?: (run: ReadingRun) => void;
}

/** What one run did, for measurements. Times are milliseconds. */
export interface ReadingRun {
  /** What the executor took. */
  readonly ms: number;
  readonly rows: number;
  readonly promptTokens: number;
  /** Of answers. */
  readonly scoredTokens: number;
  /** Different adapters among the rows. */
  readonly adapters: number;
  /** From the submission of each request that took part for the first time. */
  readonly queueMs: readonly number[];
}

/**
 * Reads prompts that want no text: embeddings, likelihoods, and scores of given answers, for one base model. Prompts share runs, whatever
 * their adapters; the answers follow over the cache that their prompt left, by the base alone. It takes turns with an
 * `Engine` on the same thread: after each run others may go on.
 */
export class PromptReader {
  #waiting: Reading[] = [];
  /** In the slots of their places. */
  #running: readonly Reading[] = [];
  readonly #queue = new FairQueue();
  #submitted = 0;
  #loop: Promise<void> | undefined;
  #closed = false;

  constructor(
    private readonly executor: ReadingExecutor,
    private readonly options: PromptReaderOptions,
  ) {}

  /** Whether nothing waits or is read. */
  get idle(): boolean {
    return [...this.#waiting, ...this.#running].every(({ isOver }) => isOver);
  }

  /**
   * @throws AppError invalid, see `checkReading`; cancelled `deadline_exceeded`; unavailable `engine_closed`; the signal's
   * reason when it is aborted.
   */
  async embed(request: EmbeddingRequest, signal?: AbortSignal): Promise<Embedding> {
    const reading = await this.#read(request, signal);
    return { vector: reading.vector(), ...reading.facts() };
  }

  /** @throws AppError as `embed`. */
  async score(request: ScoreRequest, signal?: AbortSignal): Promise<Scores> {
    const reading = await this.#read(request, signal);
    return { logProbabilities: reading.scores, ...reading.facts() };
  }

  /** How likely each token of a prompt is behind those before it. @throws AppError as `embed`. */
  async likelihoods(request: LikelihoodRequest, signal?: AbortSignal): Promise<PromptLikelihoods> {
    const reading = await this.#read(request, signal);
    return { likelihoods: reading.likelihoods, ...reading.facts() };
  }

  /** Ends what is under way and frees the memory. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const reading of [...this.#waiting, ...this.#running]) reading.fail(closed());
    await this.#loop;
    await this.executor.close();
  }

  async #read(request: ReadingRequest, signal: AbortSignal | undefined): Promise<Reading> {
    if (this.#closed) throw closed();
    const reading = new Reading(this.#submitted++, request, this.executor.capacity);
    signal?.throwIfAborted();
    const leave = (): void => {
      reading.fail(signal?.reason);
    };
    signal?.addEventListener('abort', leave, { once: true });
    const active = [...this.#waiting, ...this.#running].map(({ share }) => share);
    this.#queue.arrive(reading.share, new Set(active));
    this.#waiting.push(reading);
    this.#loop ??= this.#run();
    try {
      await reading.done;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
    return reading;
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        await this.#turn();
        if (this.#waiting.length === 0) return;
        this.#running = this.#admit();
        await this.#readAll().catch((error: unknown) => {
          for (const reading of this.#running) reading.fail(error);
        });
        this.#running = [];
      }
    } finally {
      this.#loop = undefined;
    }
  }

  /** Lets others, and aborts, in: a run blocks the thread. Then drops what comes too late. */
  async #turn(): Promise<void> {
    await nextTurn();
    const now = Date.now();
    for (const reading of [...this.#waiting, ...this.#running]) {
      if ((reading.request.deadline ?? Infinity) <= now) reading.fail(tooLate());
    }
    this.#waiting = this.#waiting.filter(({ isOver }) => !isOver);
  }

  /** The head of the queue, as long as it fits one run. */
  #admit(): readonly Reading[] {
    const { slots } = this.executor;
    const [first, ...others] = this.#queue.order(this.#waiting, slots);
    const batch = first ? [first] : [];
    for (const next of others) {
      const longest = Math.max(...[...batch, next].map(({ tokens }) => tokens.length));
      const fits = (batch.length + 1) * longest <= this.options.prefillTokens;
      if (first?.isAlone === true || next.isAlone || !fits) break;
      if (next.adaptsAnswers !== first?.adaptsAnswers) break;
      batch.push(next);
    }
    const taken = new Set(batch);
    this.#waiting = this.#waiting.filter((reading) => !taken.has(reading));
    for (const { share, cost } of batch) this.#queue.serve(share, cost);
    return batch;
  }

  async #readAll(): Promise<void> {
    while (this.#running.some(({ isRead, isOver }) => !isRead && !isOver)) {
      await this.#readPrompts();
      await this.#turn();
    }
    for (let rows = this.#answerRows(); rows.length > 0; rows = this.#answerRows()) {
      await this.#readAnswers(rows);
      await this.#turn();
    }
  }

  async #readPrompts(): Promise<void> {
    const { chunks } = this.executor;
    const admitted = this.#running.filter(({ begun }) => !begun);
    const rows = this.#running.map((reading) =>
      reading.chunk(chunks ? this.options.prefillTokens : Infinity),
    );
    const outputs = await this.#measured(rows, admitted, () => this.executor.prompts(rows));
    rows.forEach((row, slot) => {
      const output = outputs[slot];
      if (output) this.#running[slot]?.took(row, output);
    });
  }

  /**
   * What goes in next: a part of one answer, or a token of each, whichever way takes fewer runs. Every run reads all
   * weights, so its number counts more than its size.
   */
  #answerRows(): readonly AnswerRow[] {
    const open = this.#running.flatMap((reading, slot) => (reading.isOpen ? [{ reading, slot }] : []));
    const [first] = open;
    const last = open.at(-1);
    if (!first || !last) return [];
    const runs = open.reduce((sum, { reading }) => sum + reading.open.length, 0);
    const steps = Math.max(...open.map(({ reading }) => reading.answerTokensLeft));
    if (this.executor.chunks && runs < steps) return [first.reading.answerRow(first.slot)];
    const between = this.#running.slice(first.slot, last.slot + 1);
    return between.map((reading, index) => this.#step(reading, first.slot + index));
  }

  /** A token of an answer; of a row between that has none to give, one that nobody reads behind its prompt. */
  #step(reading: Reading, slot: number): AnswerRow {
    if (reading.isOpen) return reading.answerRow(slot, 1);
    const past = Math.min(reading.positions, this.executor.capacity - 1);
    return { slot, tokens: [0], past, adapter: reading.answerAdapter };
  }

  async #readAnswers(rows: readonly AnswerRow[]): Promise<void> {
    const logits = await this.#measured(rows, [], () => this.executor.answers(rows));
    rows.forEach(({ slot }, row) => {
      const reading = this.#running[slot];
      if (reading?.isOpen === true) reading.answered(logits[row] ?? []);
    });
  }

  async #measured<T>(
    rows: readonly (PromptRow | AnswerRow)[],
    admitted: readonly Reading[],
    run: () => Promise<T>,
  ): Promise<T> {
    const adapters = new Set(this.#running.flatMap(({ request }) => request.adapter?.digest ?? [])).size;
    for (const reading of this.#running) reading.joins(rows.length, adapters);
    const started = performance.now();
    const result = await run();
    const tokens = rows.reduce((sum, row) => sum + row.tokens.length, 0);
    const isPrompt = rows.some((row) => 'promptLength' in row);
    this.options.onRun?.({
      ...{ ms: performance.now() - started, rows: rows.length, adapters },
      ...{ promptTokens: isPrompt ? tokens : 0, scoredTokens: isPrompt ? 0 : tokens },
      queueMs: admitted.map(({ queueMs }) => queueMs),
    });
    return result;
  }
}

function closed(): AppError {
  return new AppError({ kind: 'unavailable', code: 'engine_closed', message: 'the reader is shutting down' });
}

function tooLate(): AppError {
  return new AppError({
    kind: 'cancelled',
    code: 'deadline_exceeded',
    message: 'the deadline has passed before the prompt was read to its end',
  });
}
