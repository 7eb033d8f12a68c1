import { AppError } from '@prad/errors';
import { encodeOnnx } from '@prad/graph';
import type { BaseModel } from '@prad/models';
import {
  bankLayout,
  bankLayoutKey,
  maskPolicy,
  stackBank,
  type BankLayout,
  type StackedBank,
} from '@prad/nn';
import { Session, type Tensors } from '@prad/runtime';
import { tensor, type HostTensor } from '@prad/tensor';
import { Executor, type DecodeRow, type PrefillRow } from './executor.js';
import { KeyValueCache } from './key-value-cache.js';
import { adaptedGraph, decodeGraph, io } from './model-graphs.js';
import type { ServedAdapter } from './served-adapter.js';

export interface OnnxExecutorOptions {
  /** Most sequences at a time. */
  readonly slots: number;
  /** Longest sequence in tokens; at most the model's own context. */
  readonly capacity: number;
  readonly intraOpThreads: number;
}

/** Banks of recent batches that are kept stacked. */
const KEPT_BANKS = 8;

/** Runs batches of one base model on onnxruntime. All calls block the thread while they compute. */
export class OnnxExecutor extends Executor {
  readonly slots: number;
  readonly capacity: number;
  readonly #cache: KeyValueCache;
  readonly #banks = new Map<string, StackedBank>();
  /** Every adapter layout seen so far in one: a graph that has room for all serves any mix. */
  #layout: BankLayout = [];
  #adapted: { readonly key: string; readonly session: Session } | undefined;

  private constructor(
    private readonly model: BaseModel,
    private readonly options: OnnxExecutorOptions,
    private readonly plain: Session,
  ) {
    super();
    this.slots = options.slots;
    this.capacity = options.capacity;
    this.#cache = new KeyValueCache(model.dimensions, options.slots, options.capacity);
  }

  static async open(model: BaseModel, options: OnnxExecutorOptions): Promise<OnnxExecutor> {
    const { maxPositions } = model.dimensions;
    const capacity = Math.min(options.capacity, maxPositions);
    const { intraOpThreads } = options;
    // Prepacked, since decoding reads every weight for every token; the other graph maps the same file.
    const plain = await Session.open(encodeOnnx(decodeGraph(model, capacity)), {
      intraOpThreads,
      externalDataFolder: model.folder,
    });
    return new OnnxExecutor(model, { ...options, capacity }, plain);
  }

  override async prefill(from: number, rows: readonly PrefillRow[]): Promise<Float32Array[]> {
    const tokens = Math.max(...rows.map((row) => row.tokens.length));
    const lengths = rows.map((row) => row.tokens.length);
    return this.#runAdapted(
      { from, to: from + rows.length },
      {
        [io.inputIds]: grid(lengths, tokens, (row, t) => rows[row]?.tokens[t] ?? 0),
        [io.positionIds]: grid(lengths, tokens, (_row, t) => t),
        [io.seqlens]: int32s(lengths.map((length) => length - 1)),
        [io.total]: int32(tokens),
        [io.last]: grid(lengths, 1, (row) => (lengths[row] ?? 1) - 1),
        [io.mask]: promptMasks(rows, tokens),
      },
      rows.map(({ adapter }) => adapter),
    );
  }

  override async decode(rows: readonly DecodeRow[]): Promise<Float32Array[]> {
    const { range, feeds, logitsOf } = this.#stepOf(rows);
    return logitsOf(await this.#run(this.plain, range, feeds));
  }

  override async decodeAdapted(rows: readonly DecodeRow[]): Promise<Float32Array[]> {
    const { range, feeds, logitsOf } = this.#stepOf(rows);
    const width = range.to - range.from;
    const adapters = new Array<ServedAdapter | undefined>(width).fill(undefined);
    for (const { slot, adapter } of rows) adapters[slot - range.from] = adapter;
    const logits = await this.#runAdapted(
      range,
      {
        ...feeds,
        [io.last]: tensor('int64', [width, 1], new BigInt64Array(width)),
        [io.mask]: tensor('float32', [width, 1, 1], new Float32Array(width).fill(1)),
      },
      adapters,
    );
    return logitsOf(logits);
  }

  override async close(): Promise<void> {
    await this.plain.close();
    await this.#adapted?.session.close();
  }

  /** The feeds of one token a row; free slots between the rows write into their own first position. */
  #stepOf(rows: readonly DecodeRow[]): {
    range: SlotRange;
    feeds: Record<string, HostTensor>;
    logitsOf: (all: Float32Array[]) => Float32Array[];
  } {
    const from = rows[0]?.slot ?? 0;
    const to = (rows.at(-1)?.slot ?? 0) + 1;
    const tokens = new Array<number>(to - from).fill(0);
    const lengths = new Array<number>(to - from).fill(0);
    for (const { slot, token, length } of rows) {
      if (length >= this.capacity) throw cacheFull(slot, length, this.capacity);
      tokens[slot - from] = token;
      lengths[slot - from] = length;
    }
    const column = (values: readonly number[]): HostTensor =>
      tensor('int64', [to - from, 1], BigInt64Array.from(values, BigInt));
    return {
      range: { from, to },
      feeds: {
        [io.inputIds]: column(tokens),
        [io.positionIds]: column(lengths),
        [io.seqlens]: int32s(lengths),
        [io.total]: int32(Math.max(...lengths) + 1),
      },
      logitsOf: (all) => rows.map(({ slot }) => all[slot - from] ?? new Float32Array()),
    };
  }

  async #runAdapted(
    range: SlotRange,
    feeds: Tensors,
    adapters: readonly (ServedAdapter | undefined)[],
  ): Promise<Float32Array[]> {
    const distinct = [...new Map(adapters.flatMap((a) => (a ? [[a.digest, a] as const] : []))).values()];
    const session = await this.#adaptedSession(distinct);
    const bank = this.#bank(distinct);
    const choice = adapters.map((a) =>
      a ? distinct.findIndex(({ digest }) => digest === a.digest) : undefined,
    );
    return this.#run(session, range, { ...feeds, ...bank.feeds, ...bank.rows(choice) });
  }

  /** The session that has room for these adapters; built anew when one attaches at a place not seen before. */
  async #adaptedSession(adapters: readonly ServedAdapter[]): Promise<Session> {
    this.#layout = bankLayout(
      adapters.map(({ adapter }) => adapter),
      this.#layout,
    );
    const key = bankLayoutKey(this.#layout);
    if (this.#adapted?.key === key) return this.#adapted.session;
    await this.#adapted?.session.close();
    this.#adapted = undefined;
    this.#banks.clear();
    const onnx = encodeOnnx(adaptedGraph(this.model, this.capacity, this.#layout));
    const session = await Session.open(onnx, {
      intraOpThreads: this.options.intraOpThreads,
      externalDataFolder: this.model.folder,
      prepack: false,
    });
    this.#adapted = { key, session };
    return session;
  }

  #bank(adapters: readonly ServedAdapter[]): StackedBank {
    const key = adapters.map(({ digest }) => digest).join();
    const bank = this.#banks.get(key) ?? stackBank(this.#layout, adapters);
    // Last used, last in the map.
    this.#banks.delete(key);
    this.#banks.set(key, bank);
    const [oldest] = this.#banks.keys();
    if (this.#banks.size > KEPT_BANKS && oldest !== undefined) this.#banks.delete(oldest);
    return bank;
  }

  async #run(session: Session, { from, to }: SlotRange, feeds: Tensors): Promise<Float32Array[]> {
    const { vocabSize } = this.model.dimensions;
    const logits = new Float32Array((to - from) * vocabSize);
    await session.runInPlace(
      { ...feeds, ...this.#cache.view('past', from, to) },
      {
        [io.logits]: tensor('float32', [to - from, vocabSize], logits),
        ...this.#cache.view('present', from, to),
      },
    );
    return Array.from({ length: to - from }, (_, row) =>
      logits.subarray(row * vocabSize, (row + 1) * vocabSize),
    );
  }
}

interface SlotRange {
  readonly from: number;
  readonly to: number;
}

/** int64 [rows, width], 0 beyond each row's length. */
function grid(lengths: readonly number[], width: number, at: (row: number, t: number) => number): HostTensor {
  const data = new BigInt64Array(lengths.length * width);
  lengths.forEach((length, row) => {
    for (let t = 0; t < Math.min(length, width); t++) data[row * width + t] = BigInt(at(row, t));
  });
  return tensor('int64', [lengths.length, width], data);
}

/** Each row's mask by its adapter's policy: at inference all of a row is prompt. */
function promptMasks(rows: readonly PrefillRow[], width: number): HostTensor {
  const data = new Float32Array(rows.length * width);
  rows.forEach(({ tokens: { length }, adapter }, row) => {
    if (adapter) data.set(maskPolicy(adapter.scope)({ length, promptLength: length }), row * width);
  });
  return tensor('float32', [rows.length, width, 1], data);
}

function int32s(values: readonly number[]): HostTensor {
  return tensor('int32', [values.length], Int32Array.from(values));
}

function int32(value: number): HostTensor {
  return tensor('int32', [], Int32Array.of(value));
}

function cacheFull(slot: number, length: number, capacity: number): AppError {
  return new AppError({
    kind: 'bug',
    code: 'cache_full',
    message: `slot ${slot} holds ${length} tokens of ${capacity}: there is no room for another`,
  });
}
