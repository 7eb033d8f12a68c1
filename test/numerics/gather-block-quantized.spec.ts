import { encodeOnnx, gatherBlockQuantized, Graph } from '@prad/graph';
import { quantiseBlocks } from '@prad/models';
import { randomStream } from '@prad/nn';
import { runGraph } from '@prad/runtime';
import { tensor } from '@prad/tensor';
import { expect, it } from 'vitest';
import { floats } from './nn/reference.js';

const BLOCK = 32;
const ROWS = 7;

/** The row of the table, from its whole numbers. */
function row(
  { quantised, scales, zeroPoints }: ReturnType<typeof quantiseBlocks>,
  index: number,
  columns: number,
  bits: 4 | 8,
): Float32Array {
  const blocks = columns / BLOCK;
  const nibble = (bytes: Uint8Array, place: number): number => (bytes[place >> 1]! >> (4 * (place & 1))) & 15;
  return Float32Array.from({ length: columns }, (_, k) => {
    const [block, place] = [Math.floor(k / BLOCK), index * columns + k];
    const code = bits === 4 ? nibble(quantised, place) : quantised[place]!;
    const zero = zeroPoints ? nibble(zeroPoints, index * 2 * Math.ceil(blocks / 2) + block) : 2 ** (bits - 1);
    return (code - zero) * scales[index * blocks + block]!;
  });
}

it.each([
  [8, 64],
  [8, 96],
  [4, 64],
  [4, 96],
] as const)('reads rows of a table in %i bits of %i columns', async (bits, columns) => {
  const random = randomStream(bits + columns);
  const values = Float32Array.from({ length: ROWS * columns }, () => random.normal() + 0.3);
  const table = quantiseBlocks(values, { rows: ROWS, columns }, bits);
  const blocks = columns / BLOCK;
  const graph = new Graph();
  const output = gatherBlockQuantized(
    graph.root,
    {
      indices: graph.input('ids', 'int64', [2, 2]),
      quantised: graph.constant(tensor('uint8', [ROWS, (columns * bits) / 8], table.quantised)),
      scales: graph.constant(tensor('float32', [ROWS, blocks], table.scales)),
      zeroPoints:
        table.zeroPoints &&
        graph.constant(tensor('uint8', [ROWS, Math.ceil((blocks * bits) / 8)], table.zeroPoints)),
    },
    { bits, blockSize: BLOCK },
  );
  expect(output.shape).toEqual([2, 2, columns]);
  graph.output('y', output);
  const ids = [3, 0, 6, 3];
  const { y } = await runGraph(encodeOnnx(graph), {
    ids: tensor('int64', [2, 2], BigInt64Array.from(ids, BigInt)),
  });
  const expected = ids.flatMap((index) => [...row(table, index, columns, bits)]);
  expect([...floats(y)]).toEqual(expected.map((value) => expect.closeTo(value, 6) as number));
});
