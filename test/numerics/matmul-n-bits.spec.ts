import { encodeOnnx, Graph, matmulNBits } from '@prad/graph';
import { quantiseBlocks, type BlockBits } from '@prad/models';
import { randomStream } from '@prad/nn';
import { runGraph } from '@prad/runtime';
import { tensor } from '@prad/tensor';
import { describe, expect, it } from 'vitest';
import { floats } from './nn/reference.js';

const BLOCK = 32;

interface Product {
  readonly rows: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
}

/** x W' + bias by onnxruntime, the weight being part of the graph. */
async function product(
  x: Float32Array,
  { quantised, scales, zeroPoints }: ReturnType<typeof quantiseBlocks>,
  { rows, inFeatures, outFeatures }: Product,
  bits: BlockBits,
  bias?: Float32Array,
): Promise<Float32Array> {
  const graph = new Graph();
  const blocks = Math.ceil(inFeatures / BLOCK);
  const output = matmulNBits(
    graph.root,
    {
      x: graph.input('x', 'float32', [rows, inFeatures]),
      quantised: graph.constant(tensor('uint8', [outFeatures, blocks, (BLOCK * bits) / 8], quantised)),
      scales: graph.constant(tensor('float32', [outFeatures, blocks], scales)),
      zeroPoints:
        zeroPoints &&
        graph.constant(tensor('uint8', [outFeatures, Math.ceil((blocks * bits) / 8)], zeroPoints)),
      bias: bias && graph.constant(tensor('float32', [outFeatures], bias)),
    },
    { inFeatures, bits, blockSize: BLOCK },
  );
  expect(output.shape).toEqual([rows, outFeatures]);
  graph.output('y', output);
  const { y } = await runGraph(encodeOnnx(graph), { x: tensor('float32', [rows, inFeatures], x) });
  return floats(y);
}

/** The same in JavaScript, from the whole numbers. */
function expected(
  x: Float32Array,
  { quantised, scales, zeroPoints }: ReturnType<typeof quantiseBlocks>,
  { rows, inFeatures, outFeatures }: Product,
  bits: BlockBits,
  bias?: Float32Array,
): Float32Array {
  const blocks = Math.ceil(inFeatures / BLOCK);
  const nibble = (bytes: Uint8Array, index: number): number => (bytes[index >> 1]! >> (4 * (index & 1))) & 15;
  const y = new Float32Array(rows * outFeatures);
  for (let row = 0; row < rows; row++) {
    for (let n = 0; n < outFeatures; n++) {
      let sum = bias?.[n] ?? 0;
      for (let k = 0; k < inFeatures; k++) {
        const block = n * blocks + Math.floor(k / BLOCK);
        const place = block * BLOCK + (k % BLOCK);
        const code = bits === 4 ? nibble(quantised, place) : quantised[place]!;
        const zeros = 2 * Math.ceil(blocks / 2);
        const zero = zeroPoints ? nibble(zeroPoints, n * zeros + Math.floor(k / BLOCK)) : 128;
        sum += x[row * inFeatures + k]! * (code - zero) * scales[block]!;
      }
      y[row * outFeatures + n] = sum;
    }
  }
  return y;
}

function normal(count: number, seed: number): Float32Array {
  const random = randomStream(seed);
  return Float32Array.from({ length: count }, () => random.normal());
}

const sizes: readonly Product[] = [
  { rows: 1, inFeatures: 64, outFeatures: 16 },
  { rows: 1, inFeatures: 576, outFeatures: 192 },
  { rows: 5, inFeatures: 96, outFeatures: 33 },
  { rows: 33, inFeatures: 70, outFeatures: 10 },
];

describe.each([4, 8] as const)('MatMulNBits of %i bits', (bits) => {
  it.each(sizes.map((size) => [`${size.rows} x ${size.inFeatures} x ${size.outFeatures}`, size] as const))(
    '%s is the product with the dequantised weight, up to the rounding of x to 8 bits',
    async (_, size) => {
      const { rows, inFeatures, outFeatures } = size;
      const weight = quantiseBlocks(
        normal(inFeatures * outFeatures, 1),
        { rows: outFeatures, columns: inFeatures },
        bits,
      );
      const x = normal(rows * inFeatures, 2);
      const bias = normal(outFeatures, 3);
      const y = await product(x, weight, size, bits, bias);
      const wanted = expected(x, weight, size, bits, bias);
      // Rounding each of K numbers by up to 1/254 of its block's largest; a sum of K products of spread 1 spreads sqrt(K).
      const tolerance = 0.05 * Math.sqrt(inFeatures);
      expect(Math.max(...y.map((value, i) => Math.abs(value - wanted[i]!)))).toBeLessThan(tolerance);
    },
  );

  it('is exact on whole numbers, up to the ends of their range', async () => {
    const size = { rows: 2, inFeatures: 64, outFeatures: 3 };
    const code = [0, 1, bits === 4 ? 15 : 255];
    const quantised = Uint8Array.from({ length: 3 * 8 * bits }, (_, i) => {
      const value = code[Math.floor(i / (8 * bits))]!;
      return bits === 4 ? value * 17 : value;
    });
    const zeroPoints = bits === 4 ? Uint8Array.of(0xf0, 0x80, 0x1f) : undefined;
    const weight = { quantised, scales: Float32Array.of(1, 2, 0.5, 0.25, 0, 1), zeroPoints };
    // A largest number of 127 makes the steps of x one.
    const x = Float32Array.from({ length: 128 }, (_, i) => (i < 64 ? 127 : (i % 32) * 8 - 121));
    const y = await product(x, weight, size, bits);
    expect([...y]).toEqual([...expected(x, weight, size, bits)]);
  });
});
