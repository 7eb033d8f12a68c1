import { add, matmul } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';
import { conv1d } from '../layers/linear.js';

/** x w + bias for one w [in, out], or for one per row, w [B, in, out] and bias [B, 1, out]. */
export function affine(at: Scope, x: Value, w: Value, bias?: Value): Value {
  if (w.shape.length === 2) return conv1d(at, x, w, bias);
  const product = matmul(at, x, w);
  return bias ? add(at, product, bias) : product;
}
