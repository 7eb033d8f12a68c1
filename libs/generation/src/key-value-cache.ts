import { cacheName, type LanguageModel } from '@prad/nn';
import { tensor, type HostTensor } from '@prad/tensor';

/** Keys and values of all layers, [slots, K, M, D] each, allocated once and written in place. */
export class KeyValueCache {
  readonly #layers: readonly { readonly key: Float32Array; readonly value: Float32Array }[];
  readonly #slotSize: number;

  constructor(
    private readonly dimensions: LanguageModel['dimensions'],
    readonly slots: number,
    /** M: tokens that a slot has room for. */
    readonly capacity: number,
  ) {
    const { layers, kvHeads, headDim } = dimensions;
    this.#slotSize = kvHeads * capacity * headDim;
    // Zeroed pages are only taken from the system when a slot is first written.
    this.#layers = Array.from({ length: layers }, () => ({
      key: new Float32Array(slots * this.#slotSize),
      value: new Float32Array(slots * this.#slotSize),
    }));
  }

  /** The slots from `from` to before `to` as graph inputs (`past`) or outputs (`present`), without a copy. */
  view(time: 'past' | 'present', from: number, to: number): Record<string, HostTensor> {
    const { kvHeads, headDim } = this.dimensions;
    const shape = [to - from, kvHeads, this.capacity, headDim];
    return Object.fromEntries(
      this.#layers.flatMap((layer, index) =>
        (['key', 'value'] as const).map((part) => [
          cacheName(time, index, part),
          tensor('float32', shape, layer[part].subarray(from * this.#slotSize, to * this.#slotSize)),
        ]),
      ),
    );
  }
}
