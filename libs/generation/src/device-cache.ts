import { AppError } from '@prad/errors';
import { encodeOnnx } from '@prad/graph';
import { cacheName, type LanguageModel } from '@prad/nn';
import { Session, type Device, type DeviceTensor } from '@prad/runtime';
import { tensor, zeros, type TensorOf } from '@prad/tensor';
import { blankGraph, copyGraph, frontGraph, mergeGraph } from './cache-graphs.js';
import { KeyValueCache, type PlacedRun } from './key-value-cache.js';
import type { Copy, Move } from './plan.js';
import type { RunRow } from './run-feeds.js';

interface CacheSize {
  readonly dimensions: LanguageModel['dimensions'];
  readonly slots: number;
  /** M: tokens that a slot has room for. */
  readonly capacity: number;
  readonly device: Device;
}

/**
 * Keys and values in the memory of a GPU, which graphs write in place and nothing ever copies to the host. A tensor
 * there has no views but its first slots, so:
 * - a move exchanges two entries of a table and copies nothing;
 * - a decode run takes the first slots, up to the last one that it needs. Those between that it was not asked for are
 *   fed a token too, which writes behind what they hold, where the next real token writes over it;
 * - prompts, which would write over other slots, run in tensors of their own, whole, and are merged afterwards;
 * - copies of slots are made all at once, by a pass over the whole cache.
 */
export class DeviceCache extends KeyValueCache {
  override readonly chunks = false;
  /** Where each slot lies. */
  readonly #places: number[];
  /** How many tokens each place holds, or held when its row ended. */
  readonly #lengths: number[];
  #front: Session | undefined;
  /** Opened by the first beam search. */
  #copy: Session | undefined;

  private constructor(
    private readonly size: CacheSize,
    private readonly blank: Session,
    private readonly merge: Session,
    /** [S, K, M, D] by cache name without its time. */
    private readonly parts: Map<string, DeviceTensor>,
    /** Takes the next part that is merged, whose old memory then takes its place. */
    private spare: DeviceTensor,
  ) {
    super();
    this.#places = Array.from({ length: size.slots }, (_, slot) => slot);
    this.#lengths = new Array<number>(size.slots).fill(0);
  }

  /** @throws AppError exhausted `out_of_memory` where the device cannot hold it. */
  static async open(size: CacheSize): Promise<DeviceCache> {
    try {
      return await DeviceCache.#open(size);
    } catch (cause) {
      throw tooLarge(size, cause);
    }
  }

  static async #open(size: CacheSize): Promise<DeviceCache> {
    const { dimensions, slots, capacity, device } = size;
    const blank = await Session.open(encodeOnnx(blankGraph(dimensions)), { device, outputs: 'device' });
    const merge = await Session.open(encodeOnnx(mergeGraph(dimensions, slots, capacity)), { device });
    const parts = await blanks(blank, partsOf(dimensions), slots, capacity);
    const spare = await blankOf(blank, slots, capacity);
    return new DeviceCache(size, blank, merge, parts, spare);
  }

  override async copy(copies: readonly Copy[]): Promise<void> {
    if (copies.length === 0) return;
    const { dimensions, slots, capacity, device } = this.size;
    this.#copy ??= await Session.open(encodeOnnx(copyGraph(dimensions, slots, capacity)), { device });
    const places = BigInt64Array.from({ length: slots }, (_, place) => BigInt(place));
    for (const { from, to, length } of copies) {
      places[this.#placeOf(to)] = BigInt(this.#placeOf(from));
      this.#lengths[this.#placeOf(to)] = length;
    }
    const source = tensor('int64', [slots], places);
    for (const [name, cache] of this.parts) {
      await this.#copy.runInPlace({ cache, source }, { copied: this.spare });
      this.parts.set(name, this.spare);
      this.spare = cache;
    }
  }

  override move({ from, to }: Move): void {
    const places = this.#places;
    [places[from], places[to]] = [this.#placeOf(to), this.#placeOf(from)];
  }

  override load(): void {
    throw noBlocks();
  }

  override save(): void {
    throw noBlocks();
  }

  override drop(): void {
    throw noBlocks();
  }

  override async run(rows: readonly RunRow[], work: (placed: PlacedRun) => Promise<void>): Promise<void> {
    if (rows.every(({ prompt }) => prompt)) await this.#prefill(rows, work);
    else await this.#decode(rows, work);
    for (const { slot, tokens, past } of rows) this.#lengths[this.#placeOf(slot)] = past + tokens.length;
  }

  override async close(): Promise<void> {
    for (const part of [...this.parts.values(), this.spare]) await part.close();
    await this.blank.close();
    await this.merge.close();
    await this.#front?.close();
    await this.#copy?.close();
  }

  async #decode(rows: readonly RunRow[], work: (placed: PlacedRun) => Promise<void>): Promise<void> {
    const wanted = rows.map(({ slot }) => this.#placeOf(slot));
    const count = Math.max(...wanted) + 1;
    const batch = Array.from({ length: count }, (_, place): RunRow => {
      const row = rows[wanted.indexOf(place)];
      return row ? { ...row, slot: place } : this.#idle(place);
    });
    const cache = new Map([...this.parts].map(([name, part]) => [name, part.first(count)]));
    await work({ rows: batch, wanted, past: named('past', cache), present: named('present', cache) });
  }

  async #prefill(rows: readonly RunRow[], work: (placed: PlacedRun) => Promise<void>): Promise<void> {
    const tokens = Math.max(...rows.map((row) => row.tokens.length)); // T
    const prefix = rows[0]?.adapter?.prefix;
    const names = [...this.parts.keys()];
    const staged = prefix
      ? await this.#behind(prefix, names, tokens)
      : await blanks(this.blank, names, rows.length, tokens);
    const width = (prefix?.shape[0] ?? 0) + tokens;
    try {
      await work({
        rows: rows.map((row, index) => ({ ...row, slot: index })),
        wanted: rows.map((_, index) => index),
        past: named('past', staged),
        present: named('present', staged),
      });
      await this.#merge(rows, staged, width);
    } finally {
      for (const part of staged.values()) await part.close();
    }
  }

  /** Room for the tokens of a single row behind its prefix [P, 2*L*K*D]; the first prefix opens the session. */
  async #behind(
    prefix: TensorOf<'float32'>,
    names: readonly string[],
    tokens: number,
  ): Promise<Map<string, DeviceTensor>> {
    const { dimensions, device } = this.size;
    this.#front ??= await Session.open(encodeOnnx(frontGraph(dimensions)), { device, outputs: 'device' });
    const made = new Map<string, DeviceTensor>();
    // In the order of the prefix: keys of a layer, then its values.
    for (const [part, name] of names.entries()) {
      const front = frontOf(prefix, part, dimensions);
      const { blank } = await this.#front.runOnDevice({ front, tokens: zeros('int64', [1, tokens]) });
      if (!blank) throw noBlank();
      made.set(name, blank);
    }
    return made;
  }

  /** Takes the staged rows to their slots, part by part, so that one spare part is enough. */
  async #merge(
    rows: readonly RunRow[],
    staged: ReadonlyMap<string, DeviceTensor>,
    width: number,
  ): Promise<void> {
    const { slots, capacity } = this.size;
    const source = BigInt64Array.from({ length: slots }, (_, place) => BigInt(place));
    rows.forEach(({ slot }, index) => (source[this.#placeOf(slot)] = BigInt(slots + index)));
    const pads = new BigInt64Array(8);
    pads[6] = BigInt(capacity - width);
    const feeds = { source: tensor('int64', [slots], source), pads: tensor('int64', [8], pads) };
    for (const [name, cache] of this.parts) {
      const part = staged.get(name);
      if (!part) continue;
      await this.merge.runInPlace({ ...feeds, cache, staged: part }, { merged: this.spare });
      this.parts.set(name, this.spare);
      this.spare = cache;
    }
  }

  #idle(place: number): RunRow {
    const past = Math.min(this.#lengths[place] ?? 0, this.size.capacity - 1);
    return { request: -1, slot: place, tokens: [0], past, prompt: undefined, adapter: undefined };
  }

  #placeOf(slot: number): number {
    const place = this.#places[slot];
    if (place !== undefined) return place;
    const message = `slot ${slot} of a cache with ${this.size.slots}`;
    throw new AppError({ kind: 'bug', code: 'no_such_slot', message });
  }
}

const PAST = 'past';

/** Names of the cache's tensors without their time. */
function partsOf({ layers }: LanguageModel['dimensions']): string[] {
  return Array.from({ length: layers }, (_, layer) =>
    (['key', 'value'] as const).map((part) => cacheName(PAST, layer, part).slice(PAST.length)),
  ).flat();
}

function named(
  time: 'past' | 'present',
  parts: ReadonlyMap<string, DeviceTensor>,
): Record<string, DeviceTensor> {
  return Object.fromEntries([...parts].map(([name, part]) => [`${time}${name}`, part]));
}

async function blanks(
  blank: Session,
  names: readonly string[],
  rows: number,
  tokens: number,
): Promise<Map<string, DeviceTensor>> {
  const made = new Map<string, DeviceTensor>();
  for (const name of names) made.set(name, await blankOf(blank, rows, tokens));
  return made;
}

async function blankOf(blank: Session, rows: number, tokens: number): Promise<DeviceTensor> {
  const made = await blank.runOnDevice({ tokens: zeros('int64', [rows, tokens]) });
  if (made['blank']) return made['blank'];
  throw noBlank();
}

function noBlocks(): AppError {
  const message = 'a cache on a device keeps no blocks of prompts: its slots have no views';
  return new AppError({ kind: 'bug', code: 'no_blocks', message });
}

function noBlank(): AppError {
  return new AppError({ kind: 'bug', code: 'no_blank', message: 'the graph of blanks gave none' });
}

/** Part 2l of a prefix, the keys of layer l, or part 2l + 1, its values: [1, K, P, D]. */
function frontOf(
  { data, shape }: TensorOf<'float32'>,
  part: number,
  { kvHeads, headDim }: LanguageModel['dimensions'],
): TensorOf<'float32'> {
  const [length = 0, width = 0] = shape;
  const front = new Float32Array(kvHeads * length * headDim);
  for (let head = 0; head < kvHeads; head++) {
    for (let position = 0; position < length; position++) {
      const from = position * width + (part * kvHeads + head) * headDim;
      front.set(data.subarray(from, from + headDim), (head * length + position) * headDim);
    }
  }
  return tensor('float32', [1, kvHeads, length, headDim], front);
}

function tooLarge({ dimensions, slots, capacity }: CacheSize, cause: unknown): AppError {
  const { layers, kvHeads, headDim } = dimensions;
  const bytes = 2 * layers * slots * kvHeads * capacity * headDim * Float32Array.BYTES_PER_ELEMENT;
  const size = `${slots} sequences of ${capacity} tokens, ${Math.ceil(bytes / 1e6)} MB`;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AppError({
    kind: 'exhausted',
    code: 'out_of_memory',
    message: `the device cannot hold the cache of ${size}; allow fewer or shorter ones (${reason})`,
    cause,
  });
}
