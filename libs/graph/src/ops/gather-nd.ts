import { tensor, type HostTensor } from '@prad/tensor';
import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { GraphShape, Value } from '../value.js';
import { add } from './add.js';
import { expand } from './expand.js';
import { dimAt, sameDims, staticDim, staticShape, two } from './inputs.js';
import { mul } from './mul.js';
import { reduceSum } from './reduce-sum.js';
import { reshape } from './reshape.js';
import { scatterElements } from './scatter-elements.js';
import { zerosLike } from './zeros.js';

interface GatherNDAttributes {
  readonly batchDims: number;
}

function inferGatherND(x: GraphShape, indices: GraphShape, batchDims: number): GraphShape {
  const depth = staticDim('GatherND', dimAt(indices, -1));
  const fits =
    indices.length > batchDims &&
    batchDims + depth <= x.length &&
    sameDims(x.slice(0, batchDims), indices.slice(0, batchDims));
  if (!fits) {
    throw invalidGraph(
      `GatherND: indices [${indices.join()}] into [${x.join()}] with ${batchDims} batch axes`,
    );
  }
  return [...indices.slice(0, -1), ...x.slice(batchDims + depth)];
}

// y_i = x[index tuple i]; dL/dx sums dL/dy over the places that took the same tuple. With the indexed axes flattened
// a tuple is one row number, and ScatterElements sums rows one after another; ScatterND would sum in parallel and lose
// some of those that meet in one place.
const gatherNDOperator = defineOperator<GatherNDAttributes>({
  type: 'GatherND',
  infer: (inputs, { batchDims }) => {
    const [x, indices] = two('GatherND', inputs);
    if (indices.dtype !== 'int64')
      throw invalidGraph(`GatherND: int64 indices expected, got ${indices.dtype}`);
    return [{ dtype: x.dtype, shape: inferGatherND(x.shape, indices.shape, batchDims) }];
  },
  vjp: ({ at, input, gradient, attributes: { batchDims } }) => {
    const [x, indices] = [input(0), input(1)];
    const shape = staticShape('the gradient of GatherND', x.shape);
    const depth = batchDims + staticDim('GatherND', dimAt(indices.shape, -1));
    const [rows, width] = [product(shape.slice(0, depth)), product(shape.slice(depth))];
    const places = rowNumbers(at, indices, shape.slice(0, depth), batchDims);
    const updates = reshape(at, gradient, [dimAt(places.shape, 0), width]);
    const scattered = {
      data: zerosLike(at, reshape(at, x, [rows, width])),
      indices: expand(at, places, updates.shape),
      updates,
    };
    return [reshape(at, scatterElements(at, scattered, { axis: 0, reduction: 'add' }), shape), undefined];
  },
  onnx: ({ batchDims }) => ({ batch_dims: batchDims }),
});

function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}

/** Each index tuple as the number of its row among all of the axes `sizes`, int64 [tuples, 1]. */
function rowNumbers(at: Scope, indices: Value, sizes: readonly number[], batchDims: number): Value {
  const strides = sizes.map((_, axis) => product(sizes.slice(axis + 1)));
  const inner = at.constant(int64Tensor([strides.length - batchDims], strides.slice(batchDims)));
  const numbers = reduceSum(at, mul(at, indices, inner), { axes: [-1], keepdims: false });
  const places = staticShape('the gradient of GatherND', numbers.shape);
  const count = product(places);
  const perBatch = count / product(places.slice(0, batchDims));
  const batchStride = product(sizes.slice(batchDims));
  const offsets = Array.from({ length: count }, (_, i) => Math.floor(i / perBatch) * batchStride);
  return add(at, reshape(at, numbers, [count, 1]), at.constant(int64Tensor([count, 1], offsets)));
}

function int64Tensor(shape: readonly number[], values: readonly number[]): HostTensor {
  return tensor('int64', shape, BigInt64Array.from(values, BigInt));
}

/**
 * The slices of x at the index tuples (int64, not negative) in the last axis of `indices`. The first `batchDims` axes
 * of both go together.
 */
export function gatherND(at: Scope, x: Value, indices: Value, batchDims: number): Value {
  return at.apply1(gatherNDOperator, [x, indices], { batchDims });
}
