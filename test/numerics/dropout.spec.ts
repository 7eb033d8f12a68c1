import { encodeOnnx, Graph } from '@prad/graph';
import { dropout, rowNumbers } from '@prad/nn';
import { runGraph } from '@prad/runtime';
import { tensor } from '@prad/tensor';
import { expect, it } from 'vitest';

const [ROWS, COLUMNS] = [128, 256];

/** What is left of ones at two places, for a seed. */
async function dropped(rate: number, seed: number): Promise<[Float32Array, Float32Array]> {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [ROWS, COLUMNS]);
  const key = graph.input('seed', 'int64', []);
  const rows = rowNumbers(graph.root, ROWS);
  for (const name of ['first', 'second'])
    graph.output(name, dropout(graph.root.at(name), x, { rate, name, seed: key, rows }));
  const out = await runGraph(encodeOnnx(graph), {
    x: tensor('float32', [ROWS, COLUMNS], new Float32Array(ROWS * COLUMNS).fill(1)),
    seed: tensor('int64', [], BigInt64Array.of(BigInt(seed))),
  });
  return [out['first']!.data as Float32Array, out['second']!.data as Float32Array];
}

/** The correlation of which numbers are kept. */
function correlation(left: Float32Array, right: Float32Array): number {
  const [a, b] = [left, right].map((values) => {
    const kept = Array.from(values, (x) => (x === 0 ? 0 : 1));
    const mean = kept.reduce<number>((sum, x) => sum + x, 0) / kept.length;
    return kept.map((x) => x - mean);
  }) as [number[], number[]];
  const dot = (x: number[], y: number[]): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

it.each([0.1, 0.5, 0.9])('drops a share of %d and keeps the mean', async (rate) => {
  const [values] = await dropped(rate, 42);
  const kept = values.filter((x) => x !== 0);
  const deviation = Math.sqrt((rate * (1 - rate)) / values.length);
  expect(Math.abs(1 - kept.length / values.length - rate)).toBeLessThan(4 * deviation);
  expect(new Set(kept)).toEqual(new Set([Math.fround(1 / (1 - rate))]));
});

it('drops independently from place to place, step to step and neighbour to neighbour', async () => {
  const [first, second] = await dropped(0.3, 7);
  const [next] = await dropped(0.3, 8);
  const limit = 4 / Math.sqrt(first.length);
  expect(Math.abs(correlation(first, second))).toBeLessThan(limit);
  expect(Math.abs(correlation(first, next))).toBeLessThan(limit);
  for (const shift of [1, 2, COLUMNS]) {
    expect(Math.abs(correlation(first.subarray(shift), first.subarray(0, -shift)))).toBeLessThan(limit);
  }
});

it('drops the same when a step is computed again', async () => {
  expect(await dropped(0.3, 7)).toEqual(await dropped(0.3, 7));
});
