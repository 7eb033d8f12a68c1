import { encodeOnnx, Graph, matmulIntegerToFloat, quantizeLinear } from '@prad/graph';
import { randomStream } from '@prad/nn';
import { runGraph } from '@prad/runtime';
import { tensor } from '@prad/tensor';
import { expect, it } from 'vitest';
import { floats } from './nn/reference.js';

interface Product {
  readonly rows: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
}

const sizes: readonly Product[] = [
  { rows: 1, inFeatures: 64, outFeatures: 16 },
  { rows: 1, inFeatures: 576, outFeatures: 192 },
  { rows: 5, inFeatures: 97, outFeatures: 33 },
  { rows: 16, inFeatures: 576, outFeatures: 960 },
  { rows: 130, inFeatures: 70, outFeatures: 10 },
];

async function product(
  { rows, inFeatures, outFeatures }: Product,
  x: Uint8Array,
  weight: Int8Array,
  scales: Float32Array,
): Promise<Float32Array> {
  const graph = new Graph();
  const y = matmulIntegerToFloat(graph.root, {
    x: graph.input('x', 'uint8', ['M', inFeatures]),
    zero: 128,
    weight: graph.constant(tensor('int8', [inFeatures, outFeatures], weight)),
    scales: graph.constant(tensor('float32', [outFeatures], scales)),
  });
  expect(y.shape).toEqual(['M', outFeatures]);
  graph.output('y', y);
  const fed = { x: tensor('uint8', [rows, inFeatures], x) };
  const { y: result } = await runGraph(encodeOnnx(graph), fed);
  return floats(result);
}

/** The same in JavaScript: sums of whole numbers, which float64 holds exactly. */
function expected(
  { rows, inFeatures, outFeatures }: Product,
  x: Uint8Array,
  weight: Int8Array,
  scales: Float32Array,
): Float32Array {
  const y = new Float32Array(rows * outFeatures);
  for (let row = 0; row < rows; row++) {
    for (let n = 0; n < outFeatures; n++) {
      let sum = 0;
      for (let k = 0; k < inFeatures; k++)
        sum += (x[row * inFeatures + k]! - 128) * weight[k * outFeatures + n]!;
      y[row * outFeatures + n] = sum * scales[n]!;
    }
  }
  return y;
}

it.each(sizes.map((size) => [`${size.rows} x ${size.inFeatures} x ${size.outFeatures}`, size] as const))(
  '%s is exact in whole numbers',
  async (_, size) => {
    const random = randomStream(1);
    const x = Uint8Array.from({ length: size.rows * size.inFeatures }, () => random.below(256));
    const weight = Int8Array.from(
      { length: size.inFeatures * size.outFeatures },
      () => random.below(129) - 64,
    );
    const scales = Float32Array.from({ length: size.outFeatures }, (_, n) => 2 ** -(n % 5));
    expect([...(await product(size, x, weight, scales))]).toEqual([...expected(size, x, weight, scales)]);
  },
);

it('cuts nothing off where all numbers are at the ends of their range', async () => {
  const size = { rows: 3, inFeatures: 576, outFeatures: 4 };
  const x = new Uint8Array(3 * 576).map((_, i) => [255, 1, i % 2 === 0 ? 255 : 1][Math.floor(i / 576)]!);
  const weight = new Int8Array(4 * 576).map((_, i) => [64, -64, i % 8 < 4 ? 64 : -64, 0][i % 4]!);
  const scales = new Float32Array(4).fill(1);
  expect([...(await product(size, x, weight, scales))]).toEqual([...expected(size, x, weight, scales)]);
});

it('QuantizeLinear rounds each row in its own steps, halves to even', async () => {
  const graph = new Graph();
  const y = quantizeLinear(graph.root, {
    x: graph.input('x', 'float32', ['N', 4]),
    scales: graph.input('scales', 'float32', ['N', 1]),
    zeroPoints: graph.input('zeros', 'uint8', ['N', 1]),
  });
  graph.output('y', y);
  const { y: rounded } = await runGraph(encodeOnnx(graph), {
    x: tensor('float32', [2, 4], Float32Array.of(0.5, 1.5, -127, 1000, 5, -5, 0.24, -1270)),
    scales: tensor('float32', [2, 1], Float32Array.of(1, 10)),
    zeros: tensor('uint8', [2, 1], Uint8Array.of(128, 128)),
  });
  expect([...rounded!.data]).toEqual([128, 130, 1, 255, 128, 128, 128, 1]);
});
