/** Most logits of a block. */
const LONGEST_BLOCK = 1_024;
/** Shorter ones are not worth their maxima. */
const SHORTEST_BLOCK = 16;

/** Logits that make a block, of which the graph gives the largest; undefined where the vocabulary has no such part. */
export function blockOf(vocabSize: number): number | undefined {
  let size = Math.min(LONGEST_BLOCK, Math.floor(vocabSize / 2));
  while (size >= SHORTEST_BLOCK && vocabSize % size > 0) size--;
  return size >= SHORTEST_BLOCK ? size : undefined;
}

/** The place of the largest number, the first of equals; -1 where none is a number. Skips eight at a time: that takes a third of one by one. */
export function argMax(values: Float32Array): number {
  let best = -1;
  let highest = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < values.length; id++) {
    while (id + 8 <= values.length && !anyOfEightAbove(values, id, highest)) id += 8;
    const value = values[id] ?? Number.NaN;
    if (value > highest) {
      highest = value;
      best = id;
    }
  }
  return best;
}

/** As `argMax`, by the largest of each of the equal blocks that `values` consist of. */
export function argMaxOfBlocks(values: Float32Array, maxima: Float32Array): number {
  // What the graph takes for the largest of a block with what is no number is not known.
  if (maxima.some(Number.isNaN)) return argMax(values);
  const size = values.length / maxima.length;
  const block = Math.max(0, argMax(maxima));
  return block * size + argMax(values.subarray(block * size, (block + 1) * size));
}

/** Whether one of the eight numbers from `id` on is above `limit`; NaN never is. */
export function anyOfEightAbove(values: Float32Array, id: number, limit: number): boolean {
  return (
    (values[id] ?? 0) > limit ||
    (values[id + 1] ?? 0) > limit ||
    (values[id + 2] ?? 0) > limit ||
    (values[id + 3] ?? 0) > limit ||
    (values[id + 4] ?? 0) > limit ||
    (values[id + 5] ?? 0) > limit ||
    (values[id + 6] ?? 0) > limit ||
    (values[id + 7] ?? 0) > limit
  );
}
