import type { ExternalData, Graph } from '@prad/graph';
import type { BaseModel } from '@prad/models';
import type { BankLayout } from '@prad/nn';
import type { Device, Session, Tensors } from '@prad/runtime';
import { AdaptedSession } from './adapted-session.js';
import { openBaseSession, type BaseSession } from './base-session.js';
import type { DecodeWeights, PrefillWeights } from './decode-weights.js';
import { Executor, type BlockLayout, type RowLogits } from './executor.js';
import { DeviceCache } from './device-cache.js';
import { HostCache } from './host-cache.js';
import { BLOCK_TOKENS, type KeyValueCache } from './key-value-cache.js';
import { adaptedGraph, io } from './model-graphs.js';
import { attentionOnDevice } from './on-device.js';
import type { AdaptedDecodeRow, DecodeRow, PrefillRow, StepPlan } from './plan.js';
import { maskFeed, runFeeds, type RunRow } from './run-feeds.js';
import { StepLogits } from './step-logits.js';

export interface OnnxExecutorOptions {
  /** Most sequences at a time. */
  readonly slots: number;
  /** Longest sequence in tokens; the model's own context where that is shorter. */
  readonly capacity: number;
  readonly intraOpThreads: number;
  /** `cpu` by default. */
  readonly device?: Device;
  /** `f32`, the weights as they are, by default. */
  readonly decodeWeights?: DecodeWeights;
  /** `f32` by default; `decode` keeps the weights as they are out of memory. */
  readonly prefillWeights?: PrefillWeights;
  /** Most bytes of stacked adapters that are kept for steps with the same ones; 64 MiB by default. */
  readonly bankBytes?: number;
}

/** What the decode session was made of: shows that there is no adapter in it. */
export interface DecodeFacts {
  readonly inputs: readonly string[];
  /** The weights that it loads, by name, and where their bytes lie in the base's files. */
  readonly weights: ReadonlyMap<string, ExternalData>;
}

/** Runs plans of one base model on onnxruntime. All calls block the thread while they compute. */
export class OnnxExecutor extends Executor {
  readonly slots: number;
  readonly capacity: number;
  readonly chunks: boolean;
  readonly tokenBytes: number;
  readonly blocks: BlockLayout | undefined;
  readonly decode: DecodeFacts;
  readonly #adapted: AdaptedSession;
  readonly #logits: StepLogits;

  private constructor(
    private readonly model: BaseModel,
    options: OnnxExecutorOptions,
    private readonly base: BaseSession,
    private readonly cache: KeyValueCache,
  ) {
    super();
    this.slots = options.slots;
    this.capacity = options.capacity;
    this.chunks = cache.chunks;
    const { layers, kvHeads, headDim } = model.dimensions;
    this.tokenBytes = 2 * layers * kvHeads * headDim * Float32Array.BYTES_PER_ELEMENT;
    this.blocks = cache.chunks ? { tokens: BLOCK_TOKENS, key: `${model.digest} float32` } : undefined;
    this.decode = {
      inputs: base.decode.inputs.map(({ name }) => name),
      weights: new Map([...base.decodeGraph.parameters].map(([{ name }, data]) => [name, data])),
    };
    const graphOf = (of: BaseModel, capacity: number, layout: BankLayout): Graph =>
      adaptedGraph(of, capacity, layout, base.promptCopy);
    this.#adapted = new AdaptedSession(model, { ...options, prepack: true, graphOf });
    this.#logits = new StepLogits(options.slots, model.dimensions.vocabSize);
  }

  /**
   * Loads the base model; the graph for adapters follows with the first of them.
   * @throws AppError conflict `no_quantised_copy` where the import made none of the `decodeWeights`.
   */
  static async open(model: BaseModel, options: OnnxExecutorOptions): Promise<OnnxExecutor> {
    const capacity = Math.min(options.capacity, model.dimensions.maxPositions);
    const { intraOpThreads, device, decodeWeights = 'f32', prefillWeights = 'f32' } = options;
    const base = await openBaseSession(model, capacity, {
      ...{ decodeWeights, prefillWeights, intraOpThreads, ...(device && { device }) },
    });
    const cache = await openCache(model, { ...options, capacity });
    const executor = new OnnxExecutor(model, { ...options, capacity }, base, cache);
    // Else with the first prompt.
    if (!base.readsPrompts) await executor.#adapted.prepare([]);
    return executor;
  }

  override async run(plan: StepPlan): Promise<ReadonlyMap<number, RowLogits>> {
    await this.cache.copy(plan.copies);
    for (const move of plan.moves) this.cache.move(move);
    for (const loaded of plan.load) this.cache.load(loaded);
    this.#logits.clear();
    // The base alone, whatever adapter a row's prompt had.
    await this.#runBase(plan.decode.map(decoded));
    await this.#runAdapted(plan.adaptedDecode.map(decoded));
    for (const { length: past, ...row } of plan.replay) {
      const rows = [{ ...row, past, prompt: undefined }];
      if (row.adapter) await this.#runAdapted(rows);
      else await this.#runBase(rows);
    }
    for (const prompts of plan.prefill) {
      const rows = prompts.map(read);
      if (this.base.readsPrompts && !rows.some(({ adapter }) => adapter)) await this.#runBase(rows);
      else await this.#runAdapted(rows);
    }
    for (const block of plan.drop) this.cache.drop(block);
    for (const saved of plan.save) this.cache.save(saved);
    return this.#logits.rows;
  }

  /** Milliseconds that all runs so far spent in onnxruntime. */
  get nativeMs(): number {
    return this.base.decode.nativeMs + this.#adapted.nativeMs;
  }

  override async close(): Promise<void> {
    await this.cache.close();
    await this.base.decode.close();
    await this.#adapted.close();
  }

  async #runBase(rows: readonly RunRow[]): Promise<void> {
    await this.#runIn(rows, () => Promise.resolve({ session: this.base.decode, feeds: {} }));
  }

  async #runAdapted(rows: readonly RunRow[]): Promise<void> {
    await this.#runIn(rows, async (placed) => {
      const { session, feeds } = await this.#adapted.prepare(placed);
      return { session, feeds: { ...feeds, [io.mask]: maskFeed(placed) } };
    });
  }

  /** Runs with the rows' part of the cache in place, and adds their logits. */
  async #runIn(
    rows: readonly RunRow[],
    prepare: (placed: readonly RunRow[]) => Promise<{ readonly session: Session; readonly feeds: Tensors }>,
  ): Promise<void> {
    if (rows.length === 0) return;
    const { capacity } = this;
    const { vocabSize } = this.model.dimensions;
    await this.cache.run(rows, async (placed) => {
      const { session, feeds } = await prepare(placed.rows);
      const lengths = runFeeds(placed.rows, placed.wanted, { capacity, vocabSize });
      // Spread behind others, the cache's many tensors would take a tenth of a millisecond.
      await session.runInPlace(
        Object.assign({}, placed.past, lengths, feeds),
        Object.assign({}, placed.present, this.#logits.outputs(rows.length)),
      );
    });
    this.#logits.add(rows.map(({ request }) => request));
  }
}

export async function openCache(
  { dimensions }: BaseModel,
  { slots, capacity, device = 'cpu' }: OnnxExecutorOptions,
): Promise<KeyValueCache> {
  if (attentionOnDevice(dimensions, device)) return DeviceCache.open({ dimensions, slots, capacity, device });
  return new HostCache(dimensions, slots, capacity);
}

function decoded({ token, length, ...row }: DecodeRow | AdaptedDecodeRow): RunRow {
  return { adapter: undefined, ...row, tokens: [token], past: length, prompt: undefined };
}

function read({ start, promptLength, ...row }: PrefillRow): RunRow {
  const past = (row.adapter?.prefix?.shape[0] ?? 0) + start;
  return { ...row, past, prompt: { start, length: promptLength } };
}
