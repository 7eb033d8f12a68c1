import * as g from '@prad/graph';
import { tensor, type HostTensor, type TensorOf } from '@prad/tensor';
import { random, type Build, type GradcheckOptions } from './gradcheck.js';

export interface GradcheckCase extends GradcheckOptions {
  /** The ONNX type of the operator whose gradient is checked. */
  readonly operator: string;
  readonly name?: string;
  readonly build: Build;
  readonly inputs: readonly HostTensor[];
}

type Unary = (at: g.Scope, x: g.Value) => g.Value;
type Binary = (at: g.Scope, x: g.Value, y: g.Value) => g.Value;

const unary = (operator: string, apply: Unary, x: HostTensor): GradcheckCase => ({
  operator,
  build: (at, [a]) => apply(at, a!),
  inputs: [x],
});

const binary = (
  operator: string,
  apply: Binary,
  x: HostTensor,
  y: HostTensor,
  name: string,
): GradcheckCase => ({
  operator,
  name,
  build: (at, [a, b]) => apply(at, a!, b!),
  inputs: [x, y],
});

/** Both equal shapes and shapes that broadcast in both directions. */
const elementwise = (operator: string, apply: Binary, low = -1, high = 1): GradcheckCase[] => [
  binary(operator, apply, random([2, 3], 1, low, high), random([2, 3], 2, low, high), 'equal shapes'),
  binary(operator, apply, random([2, 1, 3], 3, low, high), random([4, 1], 4, low, high), 'broadcast'),
];

/** Numbers at least 0.1 from 0 and from each other, in no order. */
function apart(shape: readonly number[]): TensorOf<'float32'> {
  const places = random(shape, 5);
  const order = [...places.data.keys()].sort((a, b) => (places.data[a] ?? 0) - (places.data[b] ?? 0));
  order.forEach((place, rank) => (places.data[place] = (rank - order.length / 2 + 0.5) * 0.2));
  return places;
}

const int64 = (shape: readonly number[], values: readonly number[]): HostTensor =>
  tensor('int64', shape, BigInt64Array.from(values, BigInt));
const int32 = (shape: readonly number[], values: readonly number[]): HostTensor =>
  tensor('int32', shape, Int32Array.from(values));
const bool = (shape: readonly number[], values: readonly number[]): HostTensor =>
  tensor('bool', shape, Uint8Array.from(values));

const reductions = (operator: string, apply: typeof g.reduceSum): GradcheckCase[] =>
  [true, false].flatMap((keepdims) =>
    [[1], [-1], [0, 2]].map((axes) => ({
      operator,
      name: `axes ${axes.join()} keepdims ${keepdims}`,
      build: (at, [x]) => apply(at, x!, { axes, keepdims }),
      inputs: [apart([2, 3, 4])],
    })),
  );

const gemms: GradcheckCase[] = [false, true].flatMap((transA) =>
  [false, true].map((transB) => ({
    operator: 'Gemm',
    name: `transA ${transA} transB ${transB}`,
    build: (at, [x, w, b]) => g.gemm(at, x!, w!, { transA, transB }, b),
    inputs: [random(transA ? [3, 2] : [2, 3], 1), random(transB ? [4, 3] : [3, 4], 2), random([4], 3)],
  })),
);

const shapes: GradcheckCase[] = [
  {
    operator: 'Transpose',
    build: (at, [x]) => g.transpose(at, x!, [2, 0, 1]),
    inputs: [random([2, 3, 4], 1)],
  },
  { operator: 'Reshape', build: (at, [x]) => g.reshape(at, x!, [4, 6]), inputs: [random([2, 3, 4], 1)] },
  { operator: 'Squeeze', build: (at, [x]) => g.squeeze(at, x!, [0, -1]), inputs: [random([1, 3, 1], 1)] },
  { operator: 'Unsqueeze', build: (at, [x]) => g.unsqueeze(at, x!, [0, -1]), inputs: [random([2, 3], 1)] },
  { operator: 'Expand', build: (at, [x]) => g.expand(at, x!, [2, 3, 4]), inputs: [random([3, 1], 1)] },
  {
    operator: 'Concat',
    build: (at, [x, y]) => g.concat(at, [x!, y!, x!], 1),
    inputs: [random([2, 1, 2], 1), random([2, 3, 2], 2)],
  },
  ...[
    { axis: 1, start: 1, end: 3 },
    { axis: -1, start: -2 },
    { axis: 0, start: 0, end: -1 },
  ].map((cut): GradcheckCase => ({
    operator: 'Slice',
    name: JSON.stringify(cut),
    build: (at, [x]) => g.slice(at, x!, cut),
    inputs: [random([3, 4, 3], 1)],
  })),
  {
    operator: 'Split',
    name: 'every part used',
    build: (at, [x]) => {
      const [a, b, c] = g.split(at, x!, { axis: 1, sizes: [1, 1, 2] });
      return g.concat(at, [g.mul(at, a!, b!), c!], 1);
    },
    inputs: [random([2, 4], 1)],
  },
  {
    operator: 'Split',
    name: 'first part unused',
    build: (at, [x]) => g.split(at, x!, { axis: -1, sizes: [2, 3] })[1]!,
    inputs: [random([2, 5], 1)],
  },
];

const gathers: GradcheckCase[] = [
  {
    operator: 'Gather',
    name: 'rows, repeated',
    build: (at, [x, i]) => g.gather(at, x!, i!, 0),
    inputs: [random([4, 3], 1), int64([2, 3], [0, 2, 2, 1, 2, 0])],
  },
  {
    operator: 'Gather',
    name: 'inner axis, int32, scalar index',
    build: (at, [x, i, j]) =>
      g.mul(at, g.gather(at, x!, i!, 1), g.unsqueeze(at, g.gather(at, x!, j!, 1), [1])),
    inputs: [random([2, 4, 2], 1), int32([3], [3, 0, 3]), int32([], [2])],
  },
  {
    operator: 'GatherElements',
    build: (at, [x, i]) => g.gatherElements(at, x!, i!, 1),
    inputs: [random([2, 4], 1), int64([2, 3], [0, 0, 3, 1, 2, 1])],
  },
  ...[0, 1].map((batchDims): GradcheckCase => ({
    operator: 'GatherND',
    name: `batch axes ${batchDims}`,
    build: (at, [x, i]) => g.gatherND(at, x!, i!, batchDims),
    inputs: [random([2, 3, 2], 1), int64([2, 2, 1], [1, 1, 0, 1])],
  })),
];

const fused: GradcheckCase[] = [
  {
    operator: 'LayerNormalization',
    build: (at, [x, w, b]) => g.layerNormalization(at, x!, w!, b, { axis: -1, epsilon: 1e-5 }),
    inputs: [random([2, 3, 4], 1, -2, 2), random([4], 2), random([4], 3)],
  },
  {
    operator: 'SimplifiedLayerNormalization',
    build: (at, [x, w]) => g.simplifiedLayerNormalization(at, x!, w!, { epsilon: 1e-5 }),
    inputs: [random([2, 3, 4], 1, -2, 2), random([4], 2)],
  },
  ...(['normed', 'both'] as const).map((outputs): GradcheckCase => ({
    operator: 'SkipSimplifiedLayerNormalization',
    name: outputs,
    build: (at, [x, skip, w]) => {
      const { normed, sum } = g.skipSimplifiedLayerNormalization(
        at,
        x!,
        { skip: skip!, scale: w! },
        { epsilon: 1e-5 },
      );
      return outputs === 'both' ? g.mul(at, normed, sum) : normed;
    },
    inputs: [random([2, 3, 4], 1, -2, 2), random([2, 3, 4], 3, -2, 2), random([4], 2)],
  })),
  {
    operator: 'SkipSimplifiedLayerNormalization',
    name: 'sum alone',
    build: (at, [x, skip]) => {
      const scale = at.constant(random([4], 2));
      return g.skipSimplifiedLayerNormalization(at, x!, { skip: skip!, scale }, { epsilon: 1e-5 }).sum;
    },
    inputs: [random([2, 3, 4], 1, -2, 2), random([2, 3, 4], 3, -2, 2)],
  },
  {
    operator: 'RotaryEmbedding',
    build: (at, [x, positions]) => {
      const angles = Float32Array.from({ length: 8 }, (_, i) => Math.floor(i / 2) * (i % 2 === 0 ? 1 : 0.3));
      const cos = at.constant(tensor('float32', [4, 2], angles.map(Math.cos)));
      const sin = at.constant(tensor('float32', [4, 2], angles.map(Math.sin)));
      return g.rotaryEmbedding(at, x!, positions!, { cos, sin });
    },
    inputs: [random([2, 3, 8], 1), int64([2, 3], [0, 1, 2, 1, 2, 3])],
  },
];

/** One or more for each operator that has a gradient. */
export const gradcheckCases: readonly GradcheckCase[] = [
  ...elementwise('Add', g.add),
  ...elementwise('Sub', g.sub),
  ...elementwise('Mul', g.mul),
  ...elementwise('Div', g.div, 0.5, 1.5),
  binary('Min', g.minimum, apart([2, 4]), random([1], 2, 0, 0), 'broadcast'),
  binary('Max', g.maximum, apart([2, 4]), random([1], 2, 0, 0), 'broadcast'),
  unary('Neg', g.neg, random([2, 3], 1)),
  unary('Identity', g.identity, random([2, 3], 1)),
  unary('Sqrt', g.sqrt, random([2, 3], 1, 0.5, 2)),
  unary('Reciprocal', g.reciprocal, random([2, 3], 1, 0.7, 2)),
  unary('Exp', g.exp, random([2, 3], 1)),
  unary('Log', g.log, random([2, 3], 1, 0.5, 2)),
  unary('Tanh', g.tanh, random([2, 3], 1, -2, 2)),
  unary('Sigmoid', g.sigmoid, random([2, 3], 1, -2, 2)),
  unary('QuickGelu', g.quickGelu, random([2, 3], 1, -2, 2)),
  unary('Erf', g.erf, random([2, 3], 1, -2, 2)),
  unary('Relu', g.relu, apart([2, 4])),
  unary('Abs', g.abs, apart([2, 4])),
  {
    // Steps and inputs that half precision holds exactly; the weights of the loss round, though.
    operator: 'Cast',
    build: (at, [x]) => g.cast(at, g.cast(at, x!, 'float16'), 'float32'),
    inputs: [tensor('float32', [4], Float32Array.of(-0.75, 0.125, 0.5, 0.875))],
    step: 2 ** -5,
    tolerance: 2e-3,
  },
  {
    operator: 'Where',
    build: (at, [c, x, y]) => g.where(at, c!, x!, y!),
    inputs: [bool([3, 1], [1, 0, 1]), random([2, 1, 4], 1), random([3, 4], 2)],
  },
  binary('MatMul', g.matmul, random([2, 3], 1), random([3, 4], 2), 'matrices'),
  binary('MatMul', g.matmul, random([2, 2, 3], 1), random([3, 4], 2), 'a batch by one matrix'),
  binary('MatMul', g.matmul, random([2, 3], 1), random([2, 3, 4], 2), 'one matrix by a batch'),
  binary('MatMul', g.matmul, random([2, 1, 2, 3], 1), random([1, 3, 3, 2], 2), 'batches that broadcast'),
  ...gemms,
  {
    operator: 'Gemm',
    name: 'no bias',
    build: (at, [x, w]) => g.gemm(at, x!, w!),
    inputs: [random([2, 3], 1), random([3, 2], 2)],
  },
  ...shapes,
  ...gathers,
  ...reductions('ReduceSum', g.reduceSum),
  ...reductions('ReduceMean', g.reduceMean),
  ...reductions('ReduceMax', g.reduceMax),
  ...[0, -1].flatMap((axis): GradcheckCase[] => [
    {
      operator: 'Softmax',
      name: `axis ${axis}`,
      build: (at, [x]) => g.softmax(at, x!, axis),
      inputs: [random([3, 4], 1)],
    },
    {
      operator: 'LogSoftmax',
      name: `axis ${axis}`,
      build: (at, [x]) => g.logSoftmax(at, x!, axis),
      inputs: [random([3, 4], 1)],
    },
  ]),
  ...fused,
];
