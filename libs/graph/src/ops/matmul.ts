import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { GraphShape, Value } from '../value.js';
import { broadcastShapes } from './broadcast.js';
import { dimProduct } from './dim-product.js';
import { gemm } from './gemm.js';
import { dimAt, two } from './inputs.js';
import { reshape } from './reshape.js';
import { transpose } from './transpose.js';

function inferMatMul(x: GraphShape, y: GraphShape): GraphShape {
  const shapes = `[${x.join()}] and [${y.join()}]`;
  if (x.length < 2 || y.length < 2) throw invalidGraph(`MatMul: ranks of at least 2 expected, got ${shapes}`);
  if (x.at(-1) !== y.at(-2)) throw invalidGraph(`MatMul: inner sizes of ${shapes} differ`);
  const batch = broadcastShapes('MatMul', x.slice(0, -2), y.slice(0, -2));
  return [...batch, dimAt(x, -2), dimAt(y, -1)];
}

// Z = X Y;  dX = dZ Y^T;  dY = X^T dZ.
const matmulOperator = defineOperator<undefined>({
  type: 'MatMul',
  infer: (inputs) => {
    const [x, y] = two('MatMul', inputs);
    if (x.dtype !== y.dtype) throw invalidGraph(`MatMul: ${x.dtype} and ${y.dtype} do not mix`);
    return [{ dtype: x.dtype, shape: inferMatMul(x.shape, y.shape) }];
  },
  vjp: ({ at, input, gradient, needs }) => {
    const [x, y] = [input(0), input(1)];
    if (y.shape.length === 2) {
      return [
        needs(0) ? byRows(at, gradient, y, x.shape) : undefined,
        needs(1) ? gemm(at, asRows(at, x), asRows(at, gradient), { transA: true }) : undefined,
      ];
    }
    return [
      needs(0) ? matmul(at, gradient, transposeLast(at, y)) : undefined,
      needs(1) ? matmul(at, transposeLast(at, x), gradient) : undefined,
    ];
  },
});

/** dZ Y^T for one matrix Y and any number of leading axes of dZ, as one Gemm that leaves Y as it lies. */
function byRows(at: Scope, gradient: Value, y: Value, shape: GraphShape): Value {
  return reshape(at, gemm(at, asRows(at, gradient), y, { transB: true }), shape);
}

/** All leading axes as one. */
function asRows(at: Scope, x: Value): Value {
  return reshape(at, x, [dimProduct(x.shape.slice(0, -1)), dimAt(x.shape, -1)]);
}

function transposeLast(at: Scope, x: Value): Value {
  const axes = x.shape.map((_, axis) => axis);
  const last = axes.length - 1;
  return transpose(at, x, [...axes.slice(0, -2), last, last - 1]);
}

/** The matrix product over the last two axes; leading axes broadcast. */
export function matmul(at: Scope, x: Value, y: Value): Value {
  return at.apply1(matmulOperator, [x, y], undefined);
}
