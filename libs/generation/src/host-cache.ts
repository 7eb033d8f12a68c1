import { cacheName, type LanguageModel } from '@prad/nn';
import { tensor, type HostTensor, type TensorOf } from '@prad/tensor';
import { KeyValueCache, type PlacedRun } from './key-value-cache.js';
import type { Move } from './plan.js';
import type { RunRow } from './run-feeds.js';

/**
 * Keys and values in host memory, where operators that run on the CPU update them in place: [slots, K, M, D] for each
 * layer, of which a run has the part of its rows as a view.
 */
export class HostCache extends KeyValueCache {
  override readonly chunks = true;
  readonly #layers: readonly { readonly key: Float32Array; readonly value: Float32Array }[];
  readonly #slotSize: number;

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
