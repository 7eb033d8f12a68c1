import { writeFile } from 'node:fs/promises';

/** One line of the bench: a figure and what it is held against, measured in the same run. */
export interface Measurement {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** What `ratio` compares with, and its figure in the same unit. */
  readonly against: { readonly what: string; readonly value: number };
  /** value / against.value; the median of the rounds' where rounds were taken in turns. */
  readonly ratio: number;
  /** The least and the greatest ratio of a round, where rounds were taken in turns. */
  readonly spread?: readonly [number, number];
}

export function measurement(
  metric: string,
  value: number,
  unit: string,
  against: { what: string; value: number },
): Measurement {
  return { metric, value, unit, against, ratio: value / against.value };
}

/** Medians of figures that two sides gave in turns, and of the rounds' ratios: what slows a round slows both. */
export function compared(
  metric: string,
  values: readonly number[],
  unit: string,
  against: { readonly what: string; readonly values: readonly number[] },
): Measurement {
  const ratios = values.map((value, round) => value / (against.values[round] ?? Number.NaN));
  const other = { what: against.what, value: median(against.values) };
  return {
    ...measurement(metric, median(values), unit, other),
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
  };
}

/** The middle of the sorted numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Prints a table and, with a path, writes the same as JSON. */
export async function report(
  measurements: readonly Measurement[],
  jsonPath: string | undefined,
): Promise<void> {
  const number = (value: number): string => value.toPrecision(4);
  console.table(
    Object.fromEntries(
      measurements.map(({ metric, value, unit, against, ratio, spread }) => [
        metric,
        {
          value: `${number(value)} ${unit}`,
          against: `${against.what}: ${number(against.value)} ${unit}`,
          ratio: Number(ratio.toFixed(3)),
          ...(spread && { 'of rounds': spread.map((value) => value.toFixed(2)).join(' to ') }),
        },
      ]),
    ),
  );
  if (jsonPath !== undefined) await writeFile(jsonPath, `${JSON.stringify(measurements, null, 2)}\n`);
}
