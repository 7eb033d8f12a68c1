import { encodeOnnx, gemm, Graph, matmul } from '@prad/graph';
import { measureMatMulRate, measureStreamRate } from '@prad/runtime';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

function product(transB: boolean): string {
  const graph = new Graph();
  const a = graph.input('a', 'float32', ['M', 'K']);
  const b = graph.input('b', 'float32', transB ? ['N', 'K'] : ['K', 'N']);
  graph.output('y', transB ? gemm(graph.root, a, b, { transB }) : matmul(graph.root, a, b));
  return Buffer.from(encodeOnnx(graph)).toString('base64');
}

it('measures with the graphs that the graph lib writes', () => {
  const source = readFileSync(new URL('../../libs/runtime/src/measure.ts', import.meta.url), 'utf8');
  expect(/const matMulModel =\s*'([^']*)'/.exec(source)?.[1]).toBe(product(false));
  expect(/const gemmModel =\s*'([^']*)'/.exec(source)?.[1]).toBe(product(true));
});

it('measures rates that a machine can have', async () => {
  const rate = await measureMatMulRate({ intraOpThreads: 1, forMs: 100 });
  expect(rate / 1e9).toBeGreaterThan(1);
  expect(rate / 1e9).toBeLessThan(10_000);
  const stream = await measureStreamRate({ intraOpThreads: 1, forMs: 100 });
  expect(stream / 1e9).toBeGreaterThan(0.5);
  expect(stream / 1e9).toBeLessThan(2_000);
});
