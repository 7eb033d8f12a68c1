import { cacheName, type LanguageModel } from '@prad/nn';
import { tensor, type HostTensor, type TensorOf } from '@prad/tensor';
import { AppError } from '@prad/errors';
import { BLOCK_TOKENS, KeyValueCache, type PlacedRun } from './key-value-cache.js';
import type { Copy, LoadedBlocks, Move, SavedBlock } from './plan.js';
import type { RunRow } from './run-feeds.js';

/** A batch has one size for many steps. */
const KEPT_VIEWS = 64;
/** Kept blocks whose memory is allocated in one piece. */
const BLOCKS_AT_ONCE = 64;

/**
 * Keys and values in host memory, where operators that run on the CPU update them in place: [slots, K, M, D] for each
 * layer, of which a run has the part of its rows as a view.
 */
export class HostCache extends KeyValueCache {
  override readonly chunks = true;
  readonly #layers: readonly { readonly key: Float32Array; readonly value: Float32Array }[];
  readonly #slotSize: number;
  /** Those that were made; the same part is used by many steps. */
  readonly #views = new Map<string, Readonly<Record<string, HostTensor>>>();
  /** Kept blocks: the heads of keys, then of values, of each layer, [2*L*K, BLOCK_TOKENS, D]. */
  readonly #blocks = new Map<string, Float32Array>();
  /** Memory for blocks: of those that were dropped, and room for more that was taken at once. */
  readonly #free: Float32Array[] = [];

  constructor(
    private readonly dimensions: LanguageModel['dimensions'],
    slots: number,
    /** M: tokens that a slot has room for. */
    private readonly capacity: number,
  ) {
    super();
    const { layers, kvHeads, headDim } = dimensions;
    this.#slotSize = kvHeads * capacity * headDim;
    // Zeroed pages are only taken from the system when a slot is first written.
    this.#layers = Array.from({ length: layers }, () => ({
      key: new Float32Array(slots * this.#slotSize),
      value: new Float32Array(slots * this.#slotSize),
    }));
  }

  override async run(rows: readonly RunRow[], work: (placed: PlacedRun) => Promise<void>): Promise<void> {
    const from = rows[0]?.slot ?? 0;
    for (const { slot, prompt, adapter } of rows)
      if (prompt?.start === 0 && adapter?.prefix) this.#fill(slot, adapter.prefix);
    await work({
      rows,
      wanted: rows.map((_, index) => index),
      past: this.#view('past', from, rows.length),
      present: this.#view('present', from, rows.length),
    });
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  /** `count` slots from `from` on as graph inputs (`past`) or outputs (`present`), without a copy. */
  #view(time: 'past' | 'present', from: number, count: number): Record<string, HostTensor> {
    const key = `${time} ${from} ${count}`;
    const known = this.#views.get(key);
    if (known) return known;
    if (this.#views.size >= KEPT_VIEWS) this.#views.clear();
    const view = this.#newView(time, from, count);
    this.#views.set(key, view);
    return view;
  }

  #newView(time: 'past' | 'present', from: number, count: number): Record<string, HostTensor> {
    const { kvHeads, headDim } = this.dimensions;
    const shape = [count, kvHeads, this.capacity, headDim];
    return Object.fromEntries(
      this.#layers.flatMap((layer, index) =>
        (['key', 'value'] as const).map((part) => [
          cacheName(time, index, part),
          tensor(
            'float32',
            shape,
            layer[part].subarray(from * this.#slotSize, (from + count) * this.#slotSize),
          ),
        ]),
      ),
    );
  }

  override copy(copies: readonly Copy[]): Promise<void> {
    for (const { from, to, length } of copies) this.move({ from, to, length, back: 0 });
    return Promise.resolve();
  }

  /** Copies the tokens that the slots hold, and nothing of their empty rest. */
  override move({ from, to, length, back }: Move): void {
    const { kvHeads, headDim } = this.dimensions;
    const headSize = this.capacity * headDim;
    const aside = new Float32Array(back * headDim);
    for (const part of this.#layers.flatMap(({ key, value }) => [key, value])) {
      for (let head = 0; head < kvHeads; head++) {
        const source = from * this.#slotSize + head * headSize;
        const target = to * this.#slotSize + head * headSize;
        aside.set(part.subarray(target, target + aside.length));
        part.copyWithin(target, source, source + length * headDim);
        part.set(aside, source);
      }
    }
  }

  override load({ slot, adapter, blocks }: LoadedBlocks): void {
    if (adapter?.prefix) this.#fill(slot, adapter.prefix);
    const behind = adapter?.prefix?.shape[0] ?? 0;
    blocks.forEach((name, index) => {
      const block = this.#blocks.get(name);
      if (!block) throw missingBlock(name);
      this.#heads(slot, behind + index * BLOCK_TOKENS).forEach(({ part, at }, head) => {
        const from = head * this.#blockHead;
        part.set(block.subarray(from, from + this.#blockHead), at);
      });
    });
  }

  override save({ slot, start, block: name }: SavedBlock): void {
    const heads = this.#heads(slot, start);
    const block = this.#freeBlock(heads.length * this.#blockHead);
    heads.forEach(({ part, at }, head) => {
      block.set(part.subarray(at, at + this.#blockHead), head * this.#blockHead);
    });
    this.#blocks.set(name, block);
  }

  override drop(name: string): void {
    const block = this.#blocks.get(name);
    if (block) this.#free.push(block);
    this.#blocks.delete(name);
  }

  /** For each buffer that comes or goes, V8 marks its whole heap sooner; pages are only taken when they are written. */
  #freeBlock(floats: number): Float32Array {
    if (this.#free.length === 0) {
      const room = new Float32Array(BLOCKS_AT_ONCE * floats);
      for (let at = 0; at < room.length; at += floats) this.#free.push(room.subarray(at, at + floats));
    }
    return this.#free.pop() ?? new Float32Array(floats);
  }

  /** Floats of a block in one head of keys or values. */
  get #blockHead(): number {
    return BLOCK_TOKENS * this.dimensions.headDim;
  }

  /** Where a position of a slot lies in each head of keys and values of each layer. */
  #heads(slot: number, position: number): { readonly part: Float32Array; readonly at: number }[] {
    const { kvHeads, headDim } = this.dimensions;
    return this.#layers.flatMap(({ key, value }) =>
      [key, value].flatMap((part) =>
        Array.from({ length: kvHeads }, (_, head) => ({
          ...{ part, at: slot * this.#slotSize + (head * this.capacity + position) * headDim },
        })),
      ),
    );
  }

  /** Puts keys and values [P, 2*L*K*D] into a slot's first positions: keys of layer l at 2l, values behind. */
  #fill(slot: number, prefix: TensorOf<'float32'>): void {
    const { kvHeads, headDim } = this.dimensions;
    const [length = 0, width = 0] = prefix.shape;
    this.#layers.forEach(({ key, value }, layer) => {
      [key, value].forEach((target, part) => {
        for (let head = 0; head < kvHeads; head++) {
          for (let position = 0; position < length; position++) {
            const from = position * width + ((2 * layer + part) * kvHeads + head) * headDim;
            const to = slot * this.#slotSize + (head * this.capacity + position) * headDim;
            target.set(prefix.data.subarray(from, from + headDim), to);
          }
        }
      });
    });
  }
}

function missingBlock(name: string): AppError {
  return new AppError({ kind: 'bug', code: 'missing_block', message: `no block ${name} is kept` });
}
