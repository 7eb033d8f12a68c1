import type { LengthDistribution } from '@prad/contracts';

const MOST_BINS = 24;

/**
 * How many examples are how long. The bins are of one width, a round number of tokens, and cover all lengths.
 * `lengths` holds at least one.
 */
export function distributionOf(lengths: readonly number[]): LengthDistribution {
  const sorted = lengths.toSorted((a, b) => a - b);
  const min = sorted[0] ?? 0;
  const max = sorted.at(-1) ?? 0;
  const width = roundWidth((max - min + 1) / MOST_BINS);
  const first = Math.floor(min / width) * width;
  const bins = Array.from({ length: Math.floor((max - first) / width) + 1 }, (_, place) => {
    return { from: first + place * width, to: first + (place + 1) * width, count: 0 };
  });
  for (const length of sorted) {
    const bin = bins[Math.floor((length - first) / width)];
    if (bin !== undefined) bin.count += 1;
  }
  return { min, median: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), max, bins };
}

/** The least of 1, 2, 5, 10, 20, 50, ... that is not below the wanted width. */
function roundWidth(wanted: number): number {
  for (let power = 1; ; power *= 10) {
    const found = [1, 2, 5].find((factor) => factor * power >= wanted);
    if (found !== undefined) return found * power;
  }
}

/** Linear between the two nearest of the sorted values. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}
