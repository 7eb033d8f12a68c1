import { encodeOnnx, Graph, reshape } from '@prad/graph';
import {
  adapterBank,
  bankLayout,
  cacheName,
  fedWeights,
  keyValueCache,
  noAdapter,
  servedName,
  stackBank,
  type BankLayout,
  type LanguageModel,
  type LoadedAdapter,
} from '@prad/nn';
import { Session } from '@prad/runtime';
import { tensor, zeros, type HostTensor } from '@prad/tensor';
import { batchOf, feedsOf, withSoftTokens, type Row } from './full-run.js';
import { floats, runOptions, type TinyModel } from './reference.js';

const CAPACITY = 40;

/** T tokens over the cache: all logits out, adapted by a bank where there is a layout. */
export function cachedGraph(model: LanguageModel, layout?: BankLayout): Graph {
  const graph = new Graph();
  const inputIds = graph.input('input_ids', 'int64', ['B', 'T']);
  const positionIds = graph.input('position_ids', 'int64', ['B', 'T']);
  const attention = keyValueCache(graph, model.dimensions, { positionIds, batch: 'B', capacity: CAPACITY });
  const { hiddenSize } = model.dimensions;
  const adapt = layout
    ? adapterBank(graph, {
        ...{ layout, batch: 'B', hiddenSize },
        mask: graph.input('mask', 'float32', ['B', 'T', 1]),
      })
    : noAdapter;
  const weights = fedWeights(graph, model.parameters);
  const hidden = model.forward(graph.root, { weights, inputIds, positionIds, attention, adapt });
  const logits = model.head(graph.root, { weights }, hidden);
  graph.output('logits', reshape(graph.root, logits, ['B', 'T', model.dimensions.vocabSize]));
  return graph;
}

type Cache = Record<string, HostTensor>;

/** Prefill, then decode steps over one cache, as the engine does it; every row may have its own adapter. */
export class CachedRun {
  #cache: Cache = {};
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

  /** Logits [length, V] of each row's own tokens; `choice` names each row's adapter by its index. */
  async prefill(rows: readonly Row[], choice: readonly (number | undefined)[] = []): Promise<Float32Array[]> {
    const chosen = rows.map((_, b) => choice[b]);
    const loaded = chosen.map((index) => (index === undefined ? undefined : this.adapters[index]));
    const whole = rows.map((row, b) => withSoftTokens(row, loaded[b]?.adapter, this.#vocabulary));
    const prefixes = loaded.map((adapter) => adapter?.served.get(servedName.prefix));
    // A prompt behind a prefix runs alone: onnxruntime takes several rows for an empty cache only.
    const alone = prefixes.some((prefix) => prefix);
    const groups = alone ? rows.map((_, b) => [b]) : [rows.map((_, b) => b)];
    const logits: Float32Array[] = [];
    const caches: Cache[] = [];
    const lengths: number[] = [];
    for (const group of groups) {
      this.#lengths = group.map((b) => prefixes[b]?.shape[0] ?? 0);
      this.#cache = this.#emptyCache(group.length);
      group.forEach((b, row) => {
        if (prefixes[b]) this.#fill(row, prefixes[b]);
      });
      const own = group.map((b) => whole[b]!);
      logits.push(
        ...(await this.#run(
          own,
          'adapted',
          group.map((b) => chosen[b]),
        )),
      );
      caches.push(this.#cache);
      lengths.push(...this.#lengths);
    }
    this.#lengths = lengths;
    this.#cache = joined(caches);
    return logits.map((row, b) => {
      const soft = whole[b]!.ids.length - rows[b]!.ids.length;
      return row.slice(soft * this.#vocabulary);
    });
  }

  /** Logits [V] of each row after one more token: by the base alone, or with the adapters again. */
  async decode(tokens: readonly number[], choice?: readonly (number | undefined)[]): Promise<Float32Array[]> {
    const rows = tokens.map((id) => ({ ids: [id] }));
    return this.#run(rows, choice ? 'adapted' : 'plain', choice ?? []);
  }

  /** Keys or values of a row's filled positions in one layer, [K, length, D]. */
  cached(layer: number, part: 'key' | 'value', row: number): Float32Array {
    return this.promptOf(layer, part, row, this.#lengths[row]!);
  }

  /** As `cached`, of the first `length` positions only. */
  promptOf(layer: number, part: 'key' | 'value', row: number, length: number): Float32Array {
    const { kvHeads, headDim } = this.tiny.model.dimensions;
    const data = floats(this.#cache[cacheName('present', layer, part)]);
    const heads = Array.from({ length: kvHeads }, (_, head) => {
      const from = (row * kvHeads + head) * CAPACITY * headDim;
      return [...data.subarray(from, from + length * headDim)];
    });
    return Float32Array.from(heads.flat());
  }

  get #vocabulary(): number {
    return this.tiny.model.dimensions.vocabSize;
  }

  #emptyCache(rows: number): Cache {
    const { kvHeads, headDim } = this.tiny.model.dimensions;
    const empty = this.#cacheNames('present').map((name) => [
      name,
      zeros('float32', [rows, kvHeads, CAPACITY, headDim]),
    ]);
    return Object.fromEntries(empty) as Cache;
  }

  /** Puts a prefix [P, 2*L*K*D] into a row's first positions. */
  #fill(row: number, prefix: HostTensor): void {
    const { layers, kvHeads, headDim } = this.tiny.model.dimensions;
    const [length = 0, width = 0] = prefix.shape;
    for (let layer = 0; layer < layers; layer++) {
      (['key', 'value'] as const).forEach((part, index) => {
        const target = floats(this.#cache[cacheName('present', layer, part)]);
        for (let head = 0; head < kvHeads; head++) {
          for (let position = 0; position < length; position++) {
            const from = position * width + ((2 * layer + index) * kvHeads + head) * headDim;
            const to = ((row * kvHeads + head) * CAPACITY + position) * headDim;
            target.set(floats(prefix).subarray(from, from + headDim), to);
          }
        }
      });
    }
  }

  async #run(
    rows: readonly Row[],
    kind: 'plain' | 'adapted',
    choice: readonly (number | undefined)[],
  ): Promise<Float32Array[]> {
    const { graph, session } = this[kind];
    const batch = batchOf(rows, { vocabSize: this.#vocabulary });
    const before = this.#lengths;
    this.#lengths = before.map((length, b) => length + rows[b]!.ids.length);
    const positions = Float64Array.from({ length: batch.size * batch.tokens }, (_, cell) => {
      const t = cell % batch.tokens;
      return before[Math.floor(cell / batch.tokens)]! + t;
    });
    const total = Math.max(...before) + batch.tokens;
    const bank = stackBank(this.layout, this.adapters, this.tiny.model.dimensions);
    const past = Object.fromEntries(
      Object.entries(this.#cache).map(([name, value]) => [name.replace('present', 'past'), value]),
    );
    const feeds = feedsOf(
      graph.inputs,
      batch.feeds,
      Object.fromEntries(this.tiny.weights),
      bank.feeds,
      bank.rows(rows.map(({ ids }, b) => ({ tokens: ids, adapter: choice[b] }))),
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

/** Caches one below the other. */
function joined(caches: readonly Cache[]): Cache {
  const [first, ...others] = caches;
  if (!first || others.length === 0) return first ?? {};
  return Object.fromEntries(
    Object.entries(first).map(([name, { shape }]) => {
      const parts = caches.map((cache) => floats(cache[name]));
      const data = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
      parts.reduce((at, part) => {
        data.set(part, at);
        return at + part.length;
      }, 0);
      return [
        name,
        tensor('float32', [data.length / shape.slice(1).reduce((a, b) => a * b, 1), ...shape.slice(1)], data),
      ];
    }),
  );
}
