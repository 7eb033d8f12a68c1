import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Dim, Value, ValueType } from '../value.js';
import { broadcastShapes } from './broadcast.js';
import { dimAt, sameDims, two } from './inputs.js';

interface GemmAttributes {
  readonly transA: boolean;
  readonly transB: boolean;
}

function inferGemm(
  inputs: readonly (ValueType | undefined)[],
  { transA, transB }: GemmAttributes,
): ValueType {
  const [a, b] = two('Gemm', inputs);
  const bias = inputs[2];
  const shapes = `[${a.shape.join()}]${transA ? "'" : ''} [${b.shape.join()}]${transB ? "'" : ''}`;
  if (a.shape.length !== 2 || b.shape.length !== 2)
    throw invalidGraph(`Gemm: rank 2 expected, got ${shapes}`);
  if (a.dtype !== b.dtype) throw invalidGraph(`Gemm: ${a.dtype} and ${b.dtype} do not mix`);
  const rows: Dim = dimAt(a.shape, transA ? 1 : 0);
  const columns: Dim = dimAt(b.shape, transB ? 0 : 1);
  if (dimAt(a.shape, transA ? 0 : 1) !== dimAt(b.shape, transB ? 1 : 0)) {
    throw invalidGraph(`Gemm: inner sizes of ${shapes} differ`);
  }
  const shape = [rows, columns];
  if (bias && !sameDims(broadcastShapes('Gemm bias', bias.shape, shape), shape)) {
    throw invalidGraph(`Gemm: bias [${bias.shape.join()}] does not fit into [${shape.join()}]`);
  }
  return { dtype: a.dtype, shape };
}

// Y = A' B' + C, ' = transposed where asked for.  dA' = dY B'^T;  dB' = A'^T dY;  dC = dY.
// Each is one Gemm on A and B as they lie in memory: no weight is ever transposed.
const gemmOperator = defineOperator<GemmAttributes>({
  type: 'Gemm',
  infer: (inputs, attributes) => [inferGemm(inputs, attributes)],
  vjp: ({ at, input, gradient, needs, attributes: { transA, transB } }) => {
    const byA = (): Value =>
      transA
        ? gemm(at, input(1), gradient, { transA: transB, transB: true })
        : gemm(at, gradient, input(1), { transB: !transB });
    const byB = (): Value =>
      transB
        ? gemm(at, gradient, input(0), { transA: true, transB: transA })
        : gemm(at, input(0), gradient, { transA: !transA });
    return [needs(0) ? byA() : undefined, needs(1) ? byB() : undefined, gradient];
  },
  onnx: ({ transA, transB }) => ({ transA: transA ? 1 : 0, transB: transB ? 1 : 0 }),
});

/** x w + bias for x of rank 2 and w of rank 2, either one read as its transpose; bias broadcasts to the result. */
export function gemm(
  at: Scope,
  x: Value,
  w: Value,
  { transA = false, transB = false }: Partial<GemmAttributes> = {},
  bias?: Value,
): Value {
  return at.apply1(gemmOperator, bias ? [x, w, bias] : [x, w], { transA, transB });
}
