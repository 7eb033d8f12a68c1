import { tensor } from '@prad/tensor';
import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { GraphShape, Value } from '../value.js';
import { concat } from './concat.js';
import { dimAt, sameDims, staticDim, staticShape, two } from './inputs.js';
import { scatterND } from './scatter-nd.js';
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

// y_i = x[index tuple i]; dL/dx sums dL/dy over the places that took the same tuple.
const gatherNDOperator = defineOperator<GatherNDAttributes>({
  type: 'GatherND',
  infer: (inputs, { batchDims }) => {
    const [x, indices] = two('GatherND', inputs);
    if (indices.dtype !== 'int64')
      throw invalidGraph(`GatherND: int64 indices expected, got ${indices.dtype}`);
    return [{ dtype: x.dtype, shape: inferGatherND(x.shape, indices.shape, batchDims) }];
  },
  vjp: ({ at, input, gradient, attributes: { batchDims } }) => {
    const indices = withBatchIndices(at, input(1), batchDims);
    const scattered = { data: zerosLike(at, input(0)), indices, updates: gradient };
    return [scatterND(at, scattered, { reduction: 'add' }), undefined];
  },
  onnx: ({ batchDims }) => ({ batch_dims: batchDims }),
});

/** The index tuples with those of the batch axes in front, since ScatterND knows no batch axes. */
function withBatchIndices(at: Scope, indices: Value, batchDims: number): Value {
  if (batchDims === 0) return indices;
  const places = staticShape('the gradient of GatherND', indices.shape.slice(0, -1));
  const count = places.reduce((product, dim) => product * dim, 1);
  const strides = places.map((_, axis) => places.slice(axis + 1).reduce((product, dim) => product * dim, 1));
  const batch = Array.from({ length: batchDims }, (_, axis) => {
    const [stride = 1, size = 1] = [strides[axis], places[axis]];
    const positions = BigInt64Array.from({ length: count }, (_unused, i) =>
      BigInt(Math.floor(i / stride) % size),
    );
    return at.constant(tensor('int64', [...places, 1], positions));
  });
  return concat(at, [...batch, indices], -1);
}

/** The slices of x at the index tuples in the last axis of `indices` (int64); the first axes may be shared. */
export function gatherND(at: Scope, x: Value, indices: Value, batchDims: number): Value {
  return at.apply1(gatherNDOperator, [x, indices], { batchDims });
}
