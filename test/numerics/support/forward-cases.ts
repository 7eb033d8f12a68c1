import * as g from '@prad/graph';
import { tensor, type HostTensor } from '@prad/tensor';

export interface ForwardCase {
  readonly name: string;
  readonly build: (at: g.Scope, inputs: readonly g.Value[]) => g.Value;
  readonly inputs: readonly HostTensor[];
  readonly expected: HostTensor;
}

const f32 = (shape: readonly number[], ...values: number[]): HostTensor =>
  tensor('float32', shape, Float32Array.from(values));
const i64 = (shape: readonly number[], ...values: number[]): HostTensor =>
  tensor('int64', shape, BigInt64Array.from(values, BigInt));
const bool = (shape: readonly number[], ...values: number[]): HostTensor =>
  tensor('bool', shape, Uint8Array.from(values));

const x = f32([2, 3], 1, 5, 2, 4, 3, 4);
const y = f32([3], 2, 5, 4);

/** Operators without a gradient, on numbers worked out by hand. */
export const forwardCases: readonly ForwardCase[] = [
  {
    name: 'Equal',
    build: (at, [a, b]) => g.equal(at, a!, b!),
    inputs: [x, y],
    expected: bool([2, 3], 0, 1, 0, 0, 0, 1),
  },
  {
    name: 'Less',
    build: (at, [a, b]) => g.less(at, a!, b!),
    inputs: [x, y],
    expected: bool([2, 3], 1, 0, 1, 0, 1, 0),
  },
  {
    name: 'Greater',
    build: (at, [a, b]) => g.greater(at, a!, b!),
    inputs: [x, y],
    expected: bool([2, 3], 0, 0, 0, 1, 0, 0),
  },
  {
    name: 'GreaterOrEqual',
    build: (at, [a, b]) => g.greaterOrEqual(at, a!, b!),
    inputs: [x, y],
    expected: bool([2, 3], 0, 1, 0, 1, 0, 1),
  },
  {
    name: 'And, Not',
    build: (at, [a, b]) => g.and(at, a!, g.not(at, b!)),
    inputs: [bool([2], 1, 1), bool([2, 1], 0, 1)],
    expected: bool([2, 2], 1, 1, 0, 0),
  },
  {
    name: 'ArgMax, the first of equal ones',
    build: (at, [a]) => g.argMax(at, a!, { axis: -1, keepdims: false }),
    inputs: [x],
    expected: i64([2], 1, 0),
  },
  {
    name: 'TopK values',
    build: (at, [a]) => g.topK(at, a!, { k: 2, axis: 1 }).values,
    inputs: [x],
    expected: f32([2, 2], 5, 2, 4, 4),
  },
  {
    name: 'TopK indices',
    build: (at, [a]) => g.topK(at, a!, { k: 2, axis: 1 }).indices,
    inputs: [x],
    expected: i64([2, 2], 1, 2, 0, 2),
  },
  {
    name: 'CumSum',
    build: (at, [a]) => g.cumSum(at, a!, 1),
    inputs: [x],
    expected: f32([2, 3], 1, 6, 8, 4, 7, 11),
  },
  {
    name: 'CumSum of int64',
    build: (at, [a]) => g.cumSum(at, a!, 0),
    inputs: [i64([3], 1, 0, 1)],
    expected: i64([3], 1, 1, 2),
  },
  {
    name: 'Pad',
    build: (at, [a]) => g.pad(at, a!, { axis: 0, before: 1, after: 2 }),
    inputs: [y],
    expected: f32([6], 0, 2, 5, 4, 0, 0),
  },
  {
    name: 'Shape',
    build: (at, [a]) => g.shapeOf(at, a!, 1),
    inputs: [f32([1, 2, 3], 0, 0, 0, 0, 0, 0)],
    expected: i64([2], 2, 3),
  },
  {
    name: 'ScatterElements, written',
    build: (at, [data, indices, updates]) =>
      g.scatterElements(
        at,
        { data: data!, indices: indices!, updates: updates! },
        { axis: 1, reduction: 'none' },
      ),
    inputs: [x, i64([2, 1], 2, 0), f32([2, 1], 8, 9)],
    expected: f32([2, 3], 1, 5, 8, 9, 3, 4),
  },
  {
    name: 'ScatterElements, added',
    build: (at, [data, indices, updates]) =>
      g.scatterElements(
        at,
        { data: data!, indices: indices!, updates: updates! },
        { axis: 0, reduction: 'add' },
      ),
    inputs: [y, i64([3], 1, 1, 0), f32([3], 10, 20, 30)],
    expected: f32([3], 32, 35, 4),
  },
  {
    name: 'Cast truncates',
    build: (at, [a]) => g.cast(at, a!, 'int64'),
    inputs: [f32([3], 1.9, -1.9, 0)],
    expected: i64([3], 1, -1, 0),
  },
];
