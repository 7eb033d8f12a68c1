import { encodeOnnx, Graph } from '@prad/graph';
import {
  adapterBank,
  bankLayout,
  cacheName,
  fedWeights,
  keyValueCache,
  noAdapter,
  stackBank,
  type BankLayout,
  type LanguageModel,
  type LoadedAdapter,
} from '@prad/nn';
import { Session } from '@prad/runtime';
import { tensor, zeros, type HostTensor } from '@prad/tensor';
import { batchOf, feedsOf, type Row } from './full-run.js';
import { floats, runOptions, type TinyModel } from './reference.js';

const CAPACITY = 32;

/** Prefill and decode over a cache: logits of all new positions. Without a layout it has no adapter input. */
export function cachedGraph(model: LanguageModel, layout?: BankLayout): Graph {
  const graph = new Graph();
  const inputIds = graph.input('input_ids', 'int64', ['B', 'T']);
  const positionIds = graph.input('position_ids', 'int64', ['B', 'T']);
  const attention = keyValueCache(graph, model.dimensions, { positionIds, batch: 'B', capacity: 'M' });
  const adapt = layout
    ? adapterBank(graph, { layout, batch: 'B', mask: graph.input('mask', 'float32', ['B', 'T', 1]) })
    : noAdapter;
  const weights = fedWeights(graph, model.parameters);
  const hidden = model.forward(graph.root, { weights, inputIds, positionIds, attention, adapt });
  graph.output('logits', model.head(graph.root, { weights }, hidden));
  return graph;
}

/** A mixed batch on its way: right-padded prompts, then one token a row and step. */
export class CachedRun {
  /** Values of a row of the cache, [K, length, D], by `cacheName('present', ...)`. */
  #cache: Record<string, HostTensor> = {};
  #lengths: number[] = [];

  private constructor(
    private readonly tiny: TinyModel,
    private readonly plain: { graph: Graph; session: Session },
    private readonly adapted: { graph: Graph; session: Session },
    private readonly layout: BankLayout,
    private readonly adapters: readonly LoadedAdapter[],
  ) {}

  static async open(tiny: TinyModel, adapters: readonly LoadedAdapter[] = []): Promise<CachedRun> {
    const layout = bankLayout(adapters.map(({ adapter }) => adapter));
    const [plain, adapted] = await Promise.all(
      [cachedGraph(tiny.model), cachedGraph(tiny.model, layout)].map(async (graph) => ({
        graph,
        session: await Session.open(encodeOnnx(graph), runOptions(tiny)),
      })),
    );
    return new CachedRun(tiny, plain!, adapted!, layout, adapters);
  }

  async close(): Promise<void> {
    await this.plain.session.close();
    await this.adapted.session.close();
  }

  /** Logits [length, V] of each row; `choice` names each row's adapter by its index. */
  async prefill(rows: readonly Row[], choice: readonly (number | undefined)[] = []): Promise<Float32Array[]> {
    const { kvHeads, headDim } = this.tiny.model.dimensions;
    this.#lengths = rows.map(() => 0);
    this.#cache = Object.fromEntries(
      this.#cacheNames('present').map((name) => [
        name,
        zeros('float32', [rows.length, kvHeads, CAPACITY, headDim]),
      ]),
    );
    return this.#run(rows, 'adapted', choice);
  }

  /** Logits [V] of each row after one more token: by the base alone, or with the adapters again. */
  async decode(tokens: readonly number[], choice?: readonly (number | undefined)[]): Promise<Float32Array[]> {
    const rows = tokens.map((id) => ({ ids: [id] }));
    return this.#run(rows, choice ? 'adapted' : 'plain', choice ?? []);
  }

  /** Keys or values of a row's filled positions in one layer, [K, length, D]. */
  cached(layer: number, part: 'key' | 'value', row: number): Float32Array {
    const { kvHeads, headDim } = this.tiny.model.dimensions;
    const data = floats(this.#cache[cacheName('present', layer, part)]);
    const heads = Array.from({ length: kvHeads }, (_, head) => {
      const from = (row * kvHeads + head) * CAPACITY * headDim;
      return data.subarray(from, from + this.#lengths[row]! * headDim);
    });
    return Float32Array.from(heads.flatMap((head) => [...head]));
  }

  /** As `cached`, of the first `length` positions only. */
  promptOf(layer: number, part: 'key' | 'value', row: number, length: number): Float32Array {
    const { kvHeads, headDim } = this.tiny.model.dimensions;
    const all = this.cached(layer, part, row);
    const size = this.#lengths[row]! * headDim;
    const heads = Array.from({ length: kvHeads }, (_, head) =>
      all.slice(head * size, head * size + length * headDim),
    );
    return Float32Array.from(heads.flatMap((head) => [...head]));
  }

  async #run(
    rows: readonly Row[],
    kind: 'plain' | 'adapted',
    choice: readonly (number | undefined)[],
  ): Promise<Float32Array[]> {
    const { graph, session } = this[kind];
    const batch = batchOf(rows);
    const before = this.#lengths;
    this.#lengths = before.map((length, b) => length + rows[b]!.ids.length);
    const positions = Float64Array.from({ length: batch.size * batch.tokens }, (_, cell) => {
      const t = cell % batch.tokens;
      return before[Math.floor(cell / batch.tokens)]! + t;
    });
    const total = before[0] === 0 ? batch.tokens : Math.max(...this.#lengths);
    const bank = stackBank(this.layout, this.adapters);
    const past = Object.fromEntries(
      Object.entries(this.#cache).map(([name, value]) => [name.replace('present', 'past'), value]),
    );
    const feeds = feedsOf(
      graph.inputs,
      batch.feeds,
      Object.fromEntries(this.tiny.weights),
      bank.feeds,
      bank.rows(rows.map((_, b) => choice[b])),
      past,
      {
        position_ids: tensor('int64', [batch.size, batch.tokens], BigInt64Array.from(positions, BigInt)),
        seqlens: tensor(
          'int32',
          [batch.size],
          Int32Array.from(this.#lengths, (length) => length - 1),
        ),
        total: tensor('int32', [], Int32Array.of(total)),
      },
    );
    const out = await session.run(feeds);
    for (const name of this.#cacheNames('present')) this.#cache[name] = out[name]!;
    const logits = floats(out['logits']);
    const width = logits.length / (batch.size * batch.tokens);
    return rows.map(({ ids }, b) =>
      logits.slice(b * batch.tokens * width, (b * batch.tokens + ids.length) * width),
    );
  }

  #cacheNames(time: 'past' | 'present'): string[] {
    return Array.from({ length: this.tiny.model.dimensions.layers }, (_, layer) =>
      (['key', 'value'] as const).map((part) => cacheName(time, layer, part)),
    ).flat();
  }
}
