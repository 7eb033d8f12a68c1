import { gemm, reshape } from '@prad/graph';
import type { Dim, GraphShape, Scope, Value } from '@prad/graph';

/** All axes but the last as one. */
function asRows(at: Scope, x: Value): Value {
  const leading = x.shape.slice(0, -1);
  const names = leading.filter((dim) => typeof dim === 'string');
  const product = leading.reduce<number>((size, dim) => (typeof dim === 'number' ? size * dim : size), 1);
  const rows: Dim = names.length === 0 ? product : [...(product === 1 ? [] : [product]), ...names].join('*');
  return reshape(at, x, [rows, x.shape.at(-1) ?? 1]);
}

function affine(at: Scope, x: Value, weight: Value, bias: Value | undefined, transB: boolean): Value {
  const out = weight.shape[transB ? 0 : 1] ?? 1;
  const shape: GraphShape = [...x.shape.slice(0, -1), out];
  return reshape(at, gemm(at, asRows(at, x), weight, { transB }, bias), shape);
}

/** x weight^T + bias: x [..., in], weight [out, in] as Hugging Face's Linear stores it. */
export function linear(at: Scope, x: Value, weight: Value, bias?: Value): Value {
  return affine(at, x, weight, bias, true);
}

/** x weight + bias: x [..., in], weight [in, out] as GPT-2's Conv1D stores it. */
export function conv1d(at: Scope, x: Value, weight: Value, bias?: Value): Value {
  return affine(at, x, weight, bias, false);
}
