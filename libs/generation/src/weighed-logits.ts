import { exponential } from './exponential.js';

const BLOCK = 256;
/** Of a float32's bits: without them a halving of a weight falls into 16 buckets. */
const TRAILING_BITS = 19;
/** The bucket of weight 0; that of 1 is the first. */
const LAST_BUCKET = 0x3f80_0000 >> TRAILING_BITS;

/** A vocabulary's weights exp((logit - highest) / temperature); that of the likeliest token is 1. */
export interface WeighedLogits {
  readonly vocabSize: number;
  /** Takes other logits. Those that are no numbers weigh nothing. */
  weigh(logits: Float32Array, highest: number, temperature: number): void;
  /** Keeps the smallest set of likeliest tokens that holds the share `topP` of the weight; of equals the first. */
  keepNucleus(topP: number): void;
  /** Keeps what weighs at least `least`. */
  keepAbove(least: number): void;
  /** The id at which the running weight passes the share `u` of what is kept. */
  draw(u: number): number;
}

/**
 * Memory for a vocabulary's weights, summed by blocks so that a draw looks into one of them alone. The nucleus needs no order
 * either: buckets of weights of about a size are taken until one holds what is wanted, and only that one is sorted.
 */
export function weighedLogits(vocabSize: number): WeighedLogits {
  const { weights, blocks, buckets, weigh, keepAbove, sumBuckets, membersOf } = loopsOver(vocabSize);
  const weightOf = (id: number): number => weights[id] ?? 0;
  return {
    vocabSize,
    keepAbove,
    weigh(logits, highest, temperature) {
      weights.set(logits);
      weigh(highest, 1 / temperature);
      keepAbove(0);
    },
    keepNucleus(topP) {
      sumBuckets();
      let wanted = topP * sum(buckets);
      let bucket = 0;
      for (; bucket < LAST_BUCKET && (buckets[bucket] ?? 0) < wanted; bucket++)
        wanted -= buckets[bucket] ?? 0;
      const ids = membersOf(bucket);
      // Numbers alone, which V8 sorts natively: flat logits leave thousands in a bucket.
      const sorted = Float32Array.from(ids, weightOf).sort();
      let dropped = sorted.length;
      while (dropped > 0 && wanted > 0) wanted -= sorted[--dropped] ?? 0;
      const least = sorted[dropped] ?? 0;
      for (const id of ids.reverse()) {
        if (dropped === 0 || sorted[dropped - 1] !== least) break;
        if (weightOf(id) !== least) continue;
        weights[id] = 0;
        dropped--;
      }
      keepAbove(least);
    },
    draw(u) {
      const wanted = u * sum(blocks);
      let held = 0;
      let block = 0;
      while (block < blocks.length && held + (blocks[block] ?? 0) <= wanted) held += blocks[block++] ?? 0;
      for (let id = block * BLOCK; id < vocabSize; id++) {
        held += weightOf(id);
        if (held > wanted) return id;
      }
      // Rounding may leave nothing behind the last one.
      return weights.findLastIndex((weight) => weight > 0);
    },
  };
}

/**
 * What goes over all ids. Closures, since V8 takes their arrays for constants: as fields of a class or as arguments they cost
 * the loops two to six times as long. Each loop is a function of its own, as V8 gives up a longer one's optimised code where
 * a loop ends. Float32, so that a vocabulary stays in a core's cache; sums are doubles.
 */
function loopsOver(vocabSize: number) {
  const weights = new Float32Array(vocabSize);
  /** The same memory: bits, which are in order as the numbers are. */
  const bits = new Int32Array(weights.buffer);
  const blocks = new Float64Array(Math.ceil(vocabSize / BLOCK));
  const buckets = new Float64Array(LAST_BUCKET + 1);
  const bucketOf = (id: number): number => LAST_BUCKET - ((bits[id] ?? 0) >> TRAILING_BITS);

  function weigh(highest: number, perTemperature: number): void {
    for (let id = 0; id < vocabSize; id++) {
      weights[id] = exponential(((weights[id] ?? 0) - highest) * perTemperature);
    }
  }

  /** The block's weights of at least `least`; the others become 0. */
  function sumBlock(start: number, least: number): number {
    const end = Math.min(start + BLOCK, vocabSize);
    let held = 0;
    for (let id = start; id < end; id++) {
      const weight = weights[id] ?? 0;
      if (weight >= least) held += weight;
      else weights[id] = 0;
    }
    return held;
  }

  function keepAbove(least: number): void {
    for (let block = 0; block < blocks.length; block++) blocks[block] = sumBlock(block * BLOCK, least);
  }

  function sumBuckets(): void {
    buckets.fill(0);
    for (let id = 0; id < vocabSize; id++) {
      const bucket = bucketOf(id);
      buckets[bucket] = (buckets[bucket] ?? 0) + (weights[id] ?? 0);
    }
  }

  function membersOf(bucket: number): number[] {
    const ids: number[] = [];
    for (let id = 0; id < vocabSize; id++) if (bucketOf(id) === bucket) ids.push(id);
    return ids;
  }

  return { weights, blocks, buckets, weigh, keepAbove, sumBuckets, membersOf };
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
