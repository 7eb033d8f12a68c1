import { gemm } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';

/** x weight^T + bias: x [N, in], weight [out, in] as Hugging Face's Linear stores it. */
export function linear(at: Scope, x: Value, weight: Value, bias?: Value): Value {
  return gemm(at, x, weight, { transB: true }, bias);
}

/** x weight + bias: x [N, in], weight [in, out] as GPT-2's Conv1D stores it. */
export function conv1d(at: Scope, x: Value, weight: Value, bias?: Value): Value {
  return gemm(at, x, weight, {}, bias);
}
