import type { Tensors } from '@prad/runtime';
import { tensor } from '@prad/tensor';
import { argMaxOfBlocks, blockOf } from './arg-max.js';
import type { RowLogits } from './executor.js';
import { io } from './model-graphs.js';

/** The logits behind the rows of a step, run by run, in memory that the next step uses again. */
export class StepLogits {
  readonly #logits: Float32Array; // [slots, V]
  readonly #maxima: Float32Array; // [slots, blocks of V]
  readonly #blocks: number;
  #rows = new Map<number, RowLogits>();

  constructor(
    slots: number,
    private readonly vocabSize: number,
  ) {
    this.#blocks = vocabSize / (blockOf(vocabSize) ?? Infinity);
    this.#logits = new Float32Array(slots * vocabSize);
    this.#maxima = new Float32Array(slots * this.#blocks);
  }

  /** A new step begins. */
  clear(): void {
    this.#rows = new Map();
  }

  /** Where the graph leaves those of the next run. */
  outputs(rows: number): Tensors {
    const logits = tensor('float32', [rows, this.vocabSize], this.#next(this.#logits, rows));
    if (this.#blocks === 0) return { [io.logits]: logits };
    const maxima = tensor('float32', [rows, this.#blocks], this.#next(this.#maxima, rows));
    return { [io.logits]: logits, [io.maxima]: maxima };
  }

  /** That run is over. */
  add(requests: readonly number[]): void {
    const parts = (values: Float32Array): Float32Array[] => {
      const each = values.length / requests.length;
      return requests.map((_, row) => values.subarray(row * each, (row + 1) * each));
    };
    const maxima = parts(this.#next(this.#maxima, requests.length));
    parts(this.#next(this.#logits, requests.length)).forEach((values, row) => {
      const largest = this.#blocks > 0 ? argMaxOfBlocks(values, maxima[row] ?? values) : undefined;
      this.#rows.set(requests[row] ?? -1, { values, ...(largest !== undefined && { largest }) });
    });
  }

  /** By request. */
  get rows(): ReadonlyMap<number, RowLogits> {
    return this.#rows;
  }

  /** The part of a memory of all slots for rows that are not added yet. */
  #next(memory: Float32Array, rows: number): Float32Array {
    const slots = this.#logits.length / this.vocabSize;
    const each = memory.length / slots;
    return memory.subarray(this.#rows.size * each, (this.#rows.size + rows) * each);
  }
}
