import { encodeOnnx } from '@prad/graph';
import type { BaseModel } from '@prad/models';
import { Session, type Device, type Tensors } from '@prad/runtime';
import { tensor, zeros, type HostTensor, type TensorOf } from '@prad/tensor';
import { AdaptedSession } from './adapted-session.js';
import type { KeyValueCache, PlacedRun } from './key-value-cache.js';
import { baseGraph, io, readingGraph } from './model-graphs.js';
import { attentionOnDevice, deviceOptions } from './on-device.js';
import { openCache } from './onnx-executor.js';
import { ReadingExecutor, type AnswerRow, type PromptOutput, type PromptRow } from './reading-executor.js';
import { maskFeed, runFeeds, type RunRow } from './run-feeds.js';

/** Prompts in one run: more gain nothing on few cores, and every slot has room for the longest sequence. */
const SLOTS = 16;
/** The same where that room is taken from a device's memory at once. */
const DEVICE_SLOTS = 4;

export interface OnnxReadingOptions {
  /** Longest sequence in tokens; the model's own context where that is shorter. */
  readonly capacity: number;
  readonly intraOpThreads: number;
  /** `cpu` by default. */
  readonly device?: Device;
}

/**
 * Reads one base model's prompts on onnxruntime, in slots of its own. Neither of its sessions is prepacked: both share the
 * mapped weight file and take no memory of their own for weights. All calls block the thread while they compute.
 */
export class OnnxReadingExecutor extends ReadingExecutor {
  readonly slots: number;
  readonly capacity: number;
  readonly chunks: boolean;
  readonly #prompts: AdaptedSession;
  /** Opened by the first answer. */
  #base: Session | undefined;

  private constructor(
    private readonly model: BaseModel,
    private readonly options: OnnxReadingOptions & { readonly slots: number },
    private readonly cache: KeyValueCache,
  ) {
    super();
    this.slots = options.slots;
    this.capacity = options.capacity;
    this.chunks = cache.chunks;
    this.#prompts = new AdaptedSession(model, { ...options, graphOf: readingGraph });
  }

  static async open(model: BaseModel, options: OnnxReadingOptions): Promise<OnnxReadingExecutor> {
    const capacity = Math.min(options.capacity, model.dimensions.maxPositions);
    const onDevice = attentionOnDevice(model.dimensions, options.device ?? 'cpu');
    const sized = { ...options, capacity, slots: onDevice ? DEVICE_SLOTS : SLOTS };
    return new OnnxReadingExecutor(model, sized, await openCache(model, sized));
  }

  override async prompts(rows: readonly PromptRow[]): Promise<readonly PromptOutput[]> {
    const run = rows.map(({ tokens, start, promptLength, adapter }, slot): RunRow => {
      const past = (adapter?.prefix?.shape[0] ?? 0) + start;
      return { request: slot, slot, tokens, past, prompt: { start, length: promptLength }, adapter };
    });
    const read = rows.flatMap((row, index) => row.read.map((place) => ({ row: index, place })));
    const last = rows.flatMap((row, index) => row.logits.map((place) => ({ row: index, place })));
    const out = await this.#adapted(run, last, read);
    const [hidden, logits] = [out.hidden.values(), out.logits.values()];
    return rows.map((row) => ({
      hidden: row.read.flatMap(() => hidden.next().value ?? []),
      logits: row.logits.flatMap(() => logits.next().value ?? []),
    }));
  }

  override async answers(rows: readonly AnswerRow[]): Promise<readonly (readonly Float32Array[])[]> {
    const run = rows.map((row): RunRow => ({ request: row.slot, prompt: undefined, ...row }));
    const wanted = rows.flatMap(({ tokens }, row) => tokens.map((_, place) => ({ row, place })));
    const adapted = rows.some(({ adapter }) => adapter);
    const { logits } = await (adapted ? this.#adapted(run, wanted, []) : this.#plain(run, wanted));
    const next = logits.values();
    return rows.map(({ tokens }) => tokens.flatMap(() => next.next().value ?? []));
  }

  override async close(): Promise<void> {
    await this.cache.close();
    await this.#prompts.close();
    await this.#base?.close();
  }

  /** The base alone, which has no way in for an adapter. */
  async #plain(rows: readonly RunRow[], last: readonly Place[]): Promise<Outputs> {
    this.#base ??= await this.#openBase();
    const session = this.#base;
    return this.#run(rows, last, () => Promise.resolve({ session, feeds: {}, read: undefined }));
  }

  async #adapted(rows: readonly RunRow[], last: readonly Place[], read: readonly Place[]): Promise<Outputs> {
    return this.#run(rows, last, async (placed) => {
      const { session, feeds } = await this.#prompts.prepare(placed.rows);
      const own = { [io.mask]: maskFeed(placed.rows), [io.read]: places(placed, read) };
      return { session, feeds: { ...feeds, ...own }, read };
    });
  }

  /** Runs with the rows' part of the cache in place. */
  async #run(
    rows: readonly RunRow[],
    last: readonly Place[],
    prepare: (placed: PlacedRun) => Promise<Prepared>,
  ): Promise<Outputs> {
    const { capacity } = this;
    const { vocabSize, hiddenSize } = this.model.dimensions;
    const logits = new Vectors(last.length, vocabSize);
    let hidden: Vectors | undefined;
    await this.cache.run(rows, async (placed) => {
      const { session, feeds, read } = await prepare(placed);
      hidden = read && new Vectors(read.length, hiddenSize);
      const common = runFeeds(placed.rows, placed.wanted, { capacity, vocabSize });
      await session.runInPlace(
        { ...placed.past, ...common, ...feeds, [io.last]: places(placed, last) },
        {
          ...placed.present,
          [io.logits]: logits.tensor,
          ...(hidden && { [io.hidden]: hidden.tensor }),
        },
      );
    });
    return { logits: logits.all, hidden: hidden?.all ?? [] };
  }

  #openBase(): Promise<Session> {
    const graph = baseGraph(this.model, this.capacity);
    return Session.open(encodeOnnx(graph), {
      intraOpThreads: this.options.intraOpThreads,
      ...deviceOptions(this.model, graph, this.options.device),
      externalDataFolder: this.model.folder,
      prepack: false,
    });
  }
}

/** A token of a run: of which row, and which of its tokens. */
interface Place {
  readonly row: number;
  readonly place: number;
}

interface Prepared {
  readonly session: Session;
  readonly feeds: Tensors;
  /** Whose hidden states come out; undefined where the graph has none to give. */
  readonly read: readonly Place[] | undefined;
}

/** One vector for each place that was asked for. */
interface Outputs {
  readonly logits: readonly Float32Array[];
  readonly hidden: readonly Float32Array[];
}

/** Room for an output [N, size], of which a graph fills at least one row. */
class Vectors {
  readonly tensor: TensorOf<'float32'>;

  constructor(
    private readonly count: number,
    private readonly size: number,
  ) {
    this.tensor = zeros('float32', [Math.max(1, count), size]);
  }

  get all(): Float32Array[] {
    const { size, tensor: whole } = this;
    return Array.from({ length: this.count }, (_, row) => whole.data.subarray(row * size, (row + 1) * size));
  }
}

/** Places by their number b * T + t in the batch; one, which nobody looks at, where none is wanted. */
function places({ rows, wanted }: PlacedRun, of: readonly Place[]): HostTensor {
  const width = Math.max(...rows.map(({ tokens }) => tokens.length)); // T
  const numbers = of.map(({ row, place }) => BigInt((wanted[row] ?? 0) * width + place));
  return tensor('int64', [Math.max(1, of.length)], BigInt64Array.from(of.length > 0 ? numbers : [0n]));
}
