import { randomStream } from '@prad/nn';
import type { Examples } from './examples.js';
import type { Hyperparameters, Seeds } from './plan.js';

type Limits = Pick<Hyperparameters, 'batchSize' | 'maxTokensPerBatch'>;

/** One optimiser step's examples, and where in the run they stand. */
export interface PlannedStep {
  /** Indices of the examples. */
  readonly indices: readonly number[];
  /** Passes over all examples once this step is done. */
  readonly epoch: number;
  readonly endsEpoch: boolean;
}

/** Windows that are sorted by length hold so many batches, and an epoch at least a few windows, so that order stays random. */
const WINDOW_BATCHES = 64;
const WINDOWS_PER_EPOCH = 4;

/**
 * Which examples make which step. It depends on the seed, the lengths and the limits alone, so an interrupted run finds
 * its place again. With `groupByLength` each epoch is shuffled, sorted by length within windows, cut into batches, and
 * the batches are shuffled again, as transformers' LengthGroupedSampler does it.
 */
export class BatchOrder {
  readonly #lengths: Int32Array;
  readonly #seed: number;

  constructor(
    examples: Examples,
    private readonly settings: Hyperparameters,
    { seed, dataSeed = seed }: Seeds,
  ) {
    this.#lengths = lengthsOf(examples);
    this.#seed = dataSeed;
  }

  /** Optimiser steps of a run: `maxSteps` where given, else those of whole epochs. */
  get totalSteps(): number {
    const { maxSteps, epochs, batchSize, maxTokensPerBatch } = this.settings;
    if (maxSteps !== undefined) return maxSteps;
    if (maxTokensPerBatch === undefined)
      return Math.max(1, Math.round(Math.ceil(this.#lengths.length / batchSize) * epochs));
    let steps = 0;
    for (let epoch = 0; epoch < epochs; epoch++) steps += this.#epoch(epoch).length;
    return steps;
  }

  /** Endless, from the step after `done` steps. */
  *after(done: number): Generator<PlannedStep, never> {
    let skip = done;
    for (let epoch = 0; ; epoch++) {
      const batches = this.#epoch(epoch);
      for (const [place, indices] of batches.entries()) {
        if (skip-- > 0) continue;
        const count = place + 1;
        yield { indices, epoch: epoch + count / batches.length, endsEpoch: count === batches.length };
      }
    }
  }

  #epoch(epoch: number): number[][] {
    const order = shuffled(this.#lengths.keys(), this.#seed, `shuffle/${epoch}`);
    if (this.settings.groupByLength === false) return cut(order, this.#lengths, this.settings);
    const window = this.#window();
    const batches: number[][] = [];
    for (let start = 0; start < order.length; start += window) {
      const sorted = longestFirst(order.slice(start, start + window), this.#lengths);
      batches.push(...cut(sorted, this.#lengths, this.settings));
    }
    return shuffled(batches, this.#seed, `batches/${epoch}`);
  }

  /** Examples that are sorted together. */
  #window(): number {
    const { batchSize, maxTokensPerBatch = Infinity } = this.settings;
    const mean = this.#lengths.reduce((sum, length) => sum + length, 0) / this.#lengths.length;
    const rows = Math.max(1, Math.min(batchSize, Math.floor(maxTokensPerBatch / mean)));
    const batches = Math.floor(this.#lengths.length / (rows * WINDOWS_PER_EPOCH));
    return rows * Math.max(1, Math.min(WINDOW_BATCHES, batches));
  }
}

/** All examples in batches of about equal length: for a pass whose order does not matter. */
export function batchesByLength(examples: Examples, limits: Limits): number[][] {
  const lengths = lengthsOf(examples);
  return cut(longestFirst([...lengths.keys()], lengths), lengths, limits);
}

/** The parts of a batch that are computed one after another: as even as can be, none empty. */
export function parts<T>(items: readonly T[], count: number): T[][] {
  const size = Math.ceil(items.length / count);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, part) =>
    items.slice(part * size, (part + 1) * size),
  );
}

/** In order, each batch as long as the limits allow; an example that is longer than the limit of tokens stands alone. */
function cut(order: readonly number[], lengths: Int32Array, limits: Limits): number[][] {
  const { batchSize, maxTokensPerBatch = Infinity } = limits;
  const batches: number[][] = [];
  let current: number[] = [];
  let longest = 0;
  for (const index of order) {
    longest = Math.max(longest, lengths[index] ?? 0);
    const fits = current.length < batchSize && (current.length + 1) * longest <= maxTokensPerBatch;
    if (!fits && current.length > 0) {
      batches.push(current);
      current = [];
      longest = lengths[index] ?? 0;
    }
    current.push(index);
  }
  if (current.length > 0) batches.push(current);
  return batches;
}

function lengthsOf(examples: Examples): Int32Array {
  return Int32Array.from({ length: examples.length }, (_, index) => examples.at(index)?.tokens.length ?? 0);
}

function longestFirst(indices: number[], lengths: Int32Array): number[] {
  return indices.sort((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0));
}

/** Fisher and Yates. */
function shuffled<T>(items: Iterable<T>, seed: number, stream: string): T[] {
  const order = [...items];
  const random = randomStream(seed, stream);
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const [a, b] = [order[last] as T, order[other] as T];
    order[last] = b;
    order[other] = a;
  }
  return order;
}
