import { cacheName, type LanguageModel } from '@prad/nn';
import { tensor, type HostTensor } from '@prad/tensor';
import type { Move } from './plan.js';

/** Keys and values of all layers, [slots, K, M, D] each, allocated once and written in place. */
export class KeyValueCache {
  readonly #layers: readonly { readonly key: Float32Array; readonly value: Float32Array }[];
  readonly #slotSize: number;

  constructor(
    private readonly dimensions: LanguageModel['dimensions'],
    slots: number,
    /** M: tokens that a slot has room for. */
    private readonly capacity: number,
  ) {
    const { layers, kvHeads, headDim } = dimensions;
    this.#slotSize = kvHeads * capacity * headDim;
    // Zeroed pages are only taken from the system when a slot is first written.
    this.#layers = Array.from({ length: layers }, () => ({
      key: new Float32Array(slots * this.#slotSize),
      value: new Float32Array(slots * this.#slotSize),
    }));
  }

  /** `count` slots from `from` on as graph inputs (`past`) or outputs (`present`), without a copy. */
  view(time: 'past' | 'present', from: number, count: number): Record<string, HostTensor> {
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

  /** Copies the tokens that a slot holds, and nothing of its empty rest. */
  move({ from, to, length }: Move): void {
    const { kvHeads, headDim } = this.dimensions;
    const headSize = this.capacity * headDim;
    for (const { key, value } of this.#layers) {
      for (let head = 0; head < kvHeads; head++) {
        const source = from * this.#slotSize + head * headSize;
        const target = to * this.#slotSize + head * headSize;
        key.copyWithin(target, source, source + length * headDim);
        value.copyWithin(target, source, source + length * headDim);
      }
    }
  }
}
