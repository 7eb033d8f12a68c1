import { encodeOnnx, type Graph } from '@prad/graph';
import type { BaseModel } from '@prad/models';
import {
  bankLayout,
  bankLayoutKey,
  emptyLayout,
  stackBank,
  type BankLayout,
  type LoadedAdapter,
  type StackedBank,
} from '@prad/nn';
import { Session, type Device, type Tensors } from '@prad/runtime';
import { LeastRecentlyUsed } from './least-recently-used.js';
import { adaptedGraph } from './model-graphs.js';
import { deviceOptions } from './on-device.js';
import type { ServedAdapter } from './served-adapter.js';

/** Of stacked adapters: those of the steps that follow, above all of who decodes with its adapter. */
const BANK_BYTES = 64 << 20;

export interface AdaptedSessionOptions {
  readonly capacity: number;
  readonly intraOpThreads: number;
  readonly device?: Device;
  /** Whether the session has weights of its own, laid out for speed; by default it shares the mapped weight file. */
  readonly prepack?: boolean;
  /** Most bytes of stacked adapters that are kept; 64 MiB by default. */
  readonly bankBytes?: number;
  /** What it runs; `adaptedGraph` by default. */
  readonly graphOf?: (model: BaseModel, capacity: number, layout: BankLayout) => Graph;
}

/** The adapters of a batch, stacked. */
interface Bank {
  /** Their digests, in their order. */
  readonly members: readonly string[];
  readonly bank: StackedBank;
  readonly memory: ArrayBuffer;
}

/**
 * The graph in which rows have adapters. It has room for every place where an adapter attached so far, so it is
 * built once for a kind of adapters and then serves any mix of them; ranks and number do not matter.
 */
export class AdaptedSession {
  #layout = emptyLayout;
  #session: Session | undefined;
  /** Of sessions for earlier layouts. */
  #closedMs = 0;
  /** Of banks that went to make room. */
  #free: ArrayBuffer[] = [];
  readonly #banks: LeastRecentlyUsed<Bank>;

  constructor(
    private readonly model: BaseModel,
    private readonly options: AdaptedSessionOptions,
  ) {
    this.#banks = new LeastRecentlyUsed(options.bankBytes ?? BANK_BYTES, ({ memory }) => {
      this.#free.push(memory);
    });
  }

  /** The session and its bank's feeds for rows with their adapters. */
  async prepare(
    rows: readonly { readonly tokens: readonly number[]; readonly adapter: ServedAdapter | undefined }[],
  ): Promise<{ readonly session: Session; readonly feeds: Tensors }> {
    const distinct = new Map(
      rows.flatMap(({ adapter }) => (adapter ? [[adapter.digest, adapter.loaded]] : [])),
    );
    const session = await this.#sessionFor([...distinct.values()]);
    const { members, bank } = this.#bankOf(distinct);
    const taken = rows.map(({ tokens, adapter }) => ({
      ...{ tokens, adapter: adapter && members.indexOf(adapter.digest) },
    }));
    return { session, feeds: { ...bank.feeds, ...bank.rows(taken) } };
  }

  /** Milliseconds that runs so far spent in onnxruntime. */
  get nativeMs(): number {
    return this.#closedMs + (this.#session?.nativeMs ?? 0);
  }

  async close(): Promise<void> {
    await this.#session?.close();
    this.#closedMs = this.nativeMs;
    this.#session = undefined;
  }

  async #sessionFor(adapters: readonly LoadedAdapter[]): Promise<Session> {
    const layout = bankLayout(
      adapters.map(({ adapter }) => adapter),
      this.#layout,
    );
    if (this.#session && bankLayoutKey(layout) === bankLayoutKey(this.#layout)) return this.#session;
    await this.close();
    this.#banks.clear();
    this.#layout = layout;
    const { graphOf = adaptedGraph, capacity, prepack = false } = this.options;
    const graph = graphOf(this.model, capacity, layout);
    this.#session = await Session.open(encodeOnnx(graph), {
      intraOpThreads: this.options.intraOpThreads,
      ...deviceOptions(this.model, graph, this.options.device),
      externalDataFolder: this.model.folder,
      prepack,
    });
    return this.#session;
  }

  #bankOf(adapters: ReadonlyMap<string, LoadedAdapter>): Bank {
    const key = [...adapters.keys()].sort().join();
    const known = this.#banks.get(key);
    if (known) return known;
    let memory = new ArrayBuffer(0);
    const bank = stackBank(this.#layout, [...adapters.values()], this.model.dimensions, (bytes) => {
      memory = this.#memoryFor(bytes);
      return memory;
    });
    const made = { members: [...adapters.keys()], bank, memory };
    this.#banks.set(key, made, memory.byteLength);
    return made;
  }

  /** The smallest piece among those of the banks that make room, or a new one. */
  #memoryFor(bytes: number): ArrayBuffer {
    this.#free = [];
    this.#banks.makeRoom(bytes);
    const [fitting] = this.#free
      .filter(({ byteLength }) => byteLength >= bytes)
      .sort((a, b) => a.byteLength - b.byteLength);
    this.#free = [];
    return fitting ?? new ArrayBuffer(bytes);
  }
}
