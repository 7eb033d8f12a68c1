import { relativeGap } from './reference.js';

const found = new Map<string, Record<string, number>>();

/** Notes how far a result is from its reference, over the largest number of the reference. */
export function measured(
  what: string,
  run: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): void {
  const row = found.get(what) ?? {};
  found.set(what, { ...row, [run]: Math.max(row[run] ?? 0, relativeGap(actual, expected)) });
}

/** Prints the largest of each. */
export function printDifferences(): void {
  const shown = [...found].map(([what, row]) => [
    what,
    Object.fromEntries(Object.entries(row).map(([run, gap]) => [run, gap.toExponential(1)])),
  ]);
  console.table(Object.fromEntries(shown));
}
