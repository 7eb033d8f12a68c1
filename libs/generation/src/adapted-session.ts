import { encodeOnnx } from '@prad/graph';
import type { BaseModel } from '@prad/models';
import {
  bankLayout,
  bankLayoutKey,
  emptyLayout,
  stackBank,
  type LoadedAdapter,
  type StackedBank,
} from '@prad/nn';
import { Session, type Device, type Tensors } from '@prad/runtime';
import { adaptedGraph } from './model-graphs.js';
import { deviceOptions } from './on-device.js';
import type { ServedAdapter } from './served-adapter.js';

/** Stacked banks that are kept; a batch of adapters often comes again. */
const KEPT_BANKS = 8;

export interface AdaptedSessionOptions {
  readonly capacity: number;
  readonly intraOpThreads: number;
  readonly device?: Device;
}

/**
 * The graph in which rows have adapters. It has room for every place where an adapter attached so far, so it is
 * built once for a kind of adapters and then serves any mix of them; ranks and number do not matter.
 */
export class AdaptedSession {
  #layout = emptyLayout;
  #session: Session | undefined;
  readonly #banks = new Map<
    string,
    { readonly members: readonly LoadedAdapter[]; readonly bank: StackedBank }
  >();

  constructor(
    private readonly model: BaseModel,
    private readonly options: AdaptedSessionOptions,
  ) {}

  /** The session and its bank's feeds for rows with their adapters. */
  async prepare(
    rows: readonly { readonly tokens: readonly number[]; readonly adapter: ServedAdapter | undefined }[],
  ): Promise<{ readonly session: Session; readonly feeds: Tensors }> {
    const distinct = new Map(
      rows.flatMap(({ adapter }) => (adapter ? [[adapter.digest, adapter.loaded]] : [])),
    );
    const session = await this.#sessionFor([...distinct.values()]);
    const { members, bank } = this.#bankOf(distinct);
    const taken = rows.map(({ tokens, adapter }) => {
      const loaded = adapter && distinct.get(adapter.digest);
      return { tokens, adapter: loaded && members.indexOf(loaded) };
    });
    return { session, feeds: { ...bank.feeds, ...bank.rows(taken) } };
  }

  async close(): Promise<void> {
    await this.#session?.close();
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
    const graph = adaptedGraph(this.model, this.options.capacity, layout);
    // Without prepacking it shares the mapped weight file and costs no memory of its own.
    this.#session = await Session.open(encodeOnnx(graph), {
      intraOpThreads: this.options.intraOpThreads,
      ...deviceOptions(this.model, graph, this.options.device),
      externalDataFolder: this.model.folder,
      prepack: false,
    });
    return this.#session;
  }

  #bankOf(adapters: ReadonlyMap<string, LoadedAdapter>) {
    const key = [...adapters.keys()].sort().join();
    const known = this.#banks.get(key);
    const members = known?.members ?? [...adapters.values()];
    const entry = known ?? {
      members,
      bank: stackBank(this.#layout, members, this.model.dimensions),
    };
    // The map's order is that of the last use.
    this.#banks.delete(key);
    this.#banks.set(key, entry);
    const [oldest] = this.#banks.keys();
    if (this.#banks.size > KEPT_BANKS && oldest !== undefined) this.#banks.delete(oldest);
    return entry;
  }
}
