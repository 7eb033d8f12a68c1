import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { randomStream } from '@prad/nn';
import { median } from '../report.js';
import { answerCommands, residentBytes } from './answer-commands.js';
import { CAPACITY, DECODE, PREFILL, SERVED, type DecodingSide, type DecodingTask } from './decoding-task.js';

/** What the bench uses of node-llama-cpp 3.22; the members with an underscore are its binding. */
interface Binding {
  initBatch(size: number): void;
  addToBatch(sequence: number, position: number, tokens: Uint32Array, logits: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  sampleToken(logits: number, sampler: Sampler): Promise<number>;
  disposeSequence(sequence: number): void;
  setThreads(threads: number): void;
}
interface Sampler {
  applyConfig(config: { readonly temperature: number }): void;
}
interface Sequence {
  evaluate(
    tokens: readonly number[],
    options: { readonly temperature: number; readonly yieldEogToken: boolean },
  ): AsyncGenerator<number, undefined>;
  clearHistory(): Promise<void>;
}
interface Context {
  readonly _ctx: Binding;
  getSequence(): Sequence;
}
interface Model {
  readonly _model: unknown;
  createContext(options: object): Promise<Context>;
}
interface Llama {
  readonly _bindings: { readonly AddonSampler: new (model: unknown) => Sampler };
  loadModel(options: object): Promise<Model>;
}
interface LlamaCpp {
  getLlama(options: object): Promise<Llama>;
}

/**
 * llama.cpp through node-llama-cpp: `decode` and `prefill` drive its binding in batches, `served` asks its sequences as
 * users do. Adapters belong to a context and act on all of its sequences, so that requests of different ones take turns;
 * `adapters` lets them take turns without loading any, which is faster than it could be with them.
 */
class LlamaCppSide implements DecodingSide {
  readonly #random = randomStream(1);
  readonly #sequences: Sequence[];

  constructor(
    private readonly context: Context,
    private readonly sampler: Sampler,
    private readonly task: DecodingTask,
  ) {
    sampler.applyConfig({ temperature: 0 });
    this.#sequences = Array.from({ length: SERVED.requests }, () => context.getSequence());
  }

  async decode(rows: number): Promise<number> {
    let tokens = await this.#read(rows, DECODE.prompt);
    const seconds: number[] = [];
    for (let step = 0; step < DECODE.steps; step++) {
      const start = performance.now();
      tokens = await this.#batch(
        tokens.map((token) => [token]),
        DECODE.prompt + step,
      );
      seconds.push((performance.now() - start) / 1000);
    }
    return median(seconds);
  }

  async prefill(): Promise<number> {
    const start = performance.now();
    await this.#read(PREFILL.rows, PREFILL.tokens);
    return (performance.now() - start) / 1000;
  }

  async served(): Promise<number> {
    this.#clear();
    const start = performance.now();
    await Promise.all(this.#sequences.map((sequence) => this.#answer(sequence)));
    return this.#since(start);
  }

  async adapters(): Promise<number> {
    this.#clear();
    const start = performance.now();
    for (const sequence of this.#sequences) await this.#answer(sequence);
    return this.#since(start);
  }

  resident(): Promise<number> {
    return residentBytes();
  }

  /** Of what the binding was asked; its sequences clear what they know of. */
  #clear(): void {
    for (let row = 0; row < DECODE.slots; row++) this.context._ctx.disposeSequence(row);
  }

  /** Random prompts into empty sequences; the token that follows each. */
  #read(rows: number, length: number): Promise<number[]> {
    this.#clear();
    return this.#batch(
      Array.from({ length: rows }, () => this.#prompt(length)),
      0,
    );
  }

  async #batch(rows: readonly (readonly number[])[], position: number): Promise<number[]> {
    const { _ctx: binding } = this.context;
    binding.setThreads(this.task.threads);
    binding.initBatch(rows.reduce((sum, row) => sum + row.length, 0));
    const logits = rows.map((row, sequence) =>
      binding.addToBatch(sequence, position, Uint32Array.from(row), Uint32Array.of(row.length - 1)),
    );
    await binding.decodeBatch();
    const chosen: number[] = [];
    for (const [index = 0] of logits) chosen.push(await binding.sampleToken(index, this.sampler));
    return chosen;
  }

  async #answer(sequence: Sequence): Promise<void> {
    const options = { temperature: 0, yieldEogToken: true };
    const tokens = sequence.evaluate(this.#prompt(SERVED.prompt), options);
    for (let index = 0; index < SERVED.answer; index++) await tokens.next();
    await tokens.return(undefined);
  }

  async #since(start: number): Promise<number> {
    const seconds = (performance.now() - start) / 1000;
    for (const sequence of this.#sequences) await sequence.clearHistory();
    return seconds;
  }

  #prompt(length: number): number[] {
    return Array.from({ length }, () => this.#random.below(this.task.vocabSize));
  }
}

const task = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as DecodingTask;
const threads = Number(process.argv[3] ?? task.threads);
const llamaCpp = (await import(pathToFileURL(join(task.llamaCpp, 'dist/index.js')).href)) as LlamaCpp;
const llama = await llamaCpp.getLlama({ gpu: false, build: 'never', maxThreads: threads, logLevel: 'error' });
const model = await llama.loadModel({ modelPath: task.ggufFile });
const context = await model.createContext({
  ...{ sequences: DECODE.slots, contextSize: CAPACITY, batchSize: PREFILL.rows * PREFILL.tokens },
  ...{ threads, flashAttention: 'auto' },
});
const sampler = new llama._bindings.AddonSampler(model._model);
await answerCommands(new LlamaCppSide(context, sampler, { ...task, threads }));
process.exit();
