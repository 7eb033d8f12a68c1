import { encodeOnnx, gradients, Graph, mul, reduceSum, reshape, type Scope, type Value } from '@prad/graph';
import { Session } from '@prad/runtime';
import { elementCount, tensor, type HostTensor, type TensorOf } from '@prad/tensor';
import { expect } from 'vitest';

export type Build = (at: Scope, inputs: readonly Value[]) => Value;

export interface GradcheckOptions {
  /** Largest step; keep kinks further than this from the inputs. */
  readonly step?: number;
  /** Allowed |difference| per max(1, |gradient|). */
  readonly tolerance?: number;
  /** Check this many random directions instead of every element: for graphs with many inputs. */
  readonly directions?: number;
}

/**
 * Compares a graph's gradients with central differences, for every element of every float32 input. The loss is a
 * fixed random weighting of the output, summed in double precision, so that only the graph itself rounds.
 *
 * The difference is the one of fourth order, (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h, which allows a step so
 * large that single precision does not drown it.
 */
export async function gradcheck(
  build: Build,
  inputs: readonly HostTensor[],
  { step = 0.04, tolerance = 5e-4, directions }: GradcheckOptions = {},
): Promise<void> {
  const { model, weights } = lossGraph(build, inputs);
  const session = await Session.open(model, { intraOpThreads: 1 });
  const points = inputs.map(copyOf);
  const feeds = Object.fromEntries(points.map((point, index) => [`x${index}`, point]));
  const loss = async (): Promise<number> => weighted((await session.run(feeds, ['y']))['y'], weights);
  const analytic = await session.run(feeds);
  for (const [index, point] of points.entries()) {
    const gradient = analytic[`dx${index}`];
    if (point.dtype !== 'float32' || gradient?.dtype !== 'float32') continue;
    expect(gradient.shape, `shape of the gradient by input ${index}`).toEqual(point.shape);
    for (const direction of directionsOf(point, directions)) {
      const numeric = await slope(loss, point, direction, step / 2);
      const exact = direction.reduce((sum, d, i) => sum + d * (gradient.data[i] ?? NaN), 0);
      const allowed = tolerance * Math.max(1, Math.abs(exact));
      const where = `input ${index}, direction ${direction.findIndex((d) => d !== 0)}`;
      expect(Math.abs(numeric - exact), `${where}: ${numeric} numeric, ${exact} exact`).toBeLessThan(allowed);
    }
  }
  await session.close();
}

function lossGraph(
  build: Build,
  inputs: readonly HostTensor[],
): { model: Uint8Array; weights: Float32Array } {
  const graph = new Graph();
  const at = graph.root;
  const values = inputs.map(({ dtype, shape }, index) => graph.input(`x${index}`, dtype, shape));
  const y = build(at, values);
  const size = elementCount(y.shape.map(Number));
  const weights = noise(size, 99);
  const flat = mul(at, reshape(at, y, [size]), at.constant(tensor('float32', [size], weights)));
  const loss = reduceSum(at, flat, { axes: [0], keepdims: false });
  graph.output('y', y);
  const wrt = values.filter(({ dtype }) => dtype === 'float32');
  gradients(loss, wrt).forEach((gradient, index) => {
    graph.output(`d${wrt[index]!.name}`, gradient);
  });
  return { model: encodeOnnx(graph), weights };
}

function copyOf(input: HostTensor): HostTensor {
  return { ...input, data: input.data.slice() } as HostTensor;
}

function weighted(y: HostTensor | undefined, weights: Float32Array): number {
  if (y?.dtype !== 'float32') throw new Error('a float32 output expected');
  return y.data.reduce((sum, value, i) => sum + value * (weights[i] ?? NaN), 0);
}

function directionsOf({ data }: TensorOf<'float32'>, count: number | undefined): Float32Array[] {
  const size = data.length;
  if (count === undefined) {
    return Array.from({ length: size }, (_, i) =>
      Float32Array.from({ length: size }, (_, j) => (i === j ? 1 : 0)),
    );
  }
  return Array.from({ length: count }, (_, i) => {
    const direction = noise(size, 7 + i);
    const norm = Math.hypot(...direction);
    return direction.map((d) => d / norm);
  });
}

async function slope(
  loss: () => Promise<number>,
  point: TensorOf<'float32'>,
  direction: Float32Array,
  h: number,
): Promise<number> {
  const origin = point.data.slice();
  const lossAt = async (t: number): Promise<number> => {
    origin.forEach((x, i) => (point.data[i] = x + t * (direction[i] ?? 0)));
    return loss();
  };
  const near = (await lossAt(h)) - (await lossAt(-h));
  const far = (await lossAt(2 * h)) - (await lossAt(-2 * h));
  point.data.set(origin);
  return (8 * near - far) / (12 * h);
}

/** Repeatable numbers in (-1, 1). */
function noise(length: number, seed: number): Float32Array {
  let state = seed * 2654435761 + 12345;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

/** A float32 tensor of `noise`, moved into (low, high). */
export function random(shape: readonly number[], seed: number, low = -1, high = 1): TensorOf<'float32'> {
  const data = noise(elementCount(shape), seed).map((x) => low + ((x + 1) / 2) * (high - low));
  return tensor('float32', shape, data);
}
