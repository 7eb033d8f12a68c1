import { invalidGraph } from '../graph.js';
import type { Dim, GraphShape, ValueType } from '../value.js';

/** The shape of an elementwise result by the ONNX multidirectional broadcasting rule. */
export function broadcastShapes(operator: string, left: GraphShape, right: GraphShape): GraphShape {
  const rank = Math.max(left.length, right.length);
  return Array.from({ length: rank }, (_, index) => {
    const a = left[index - (rank - left.length)] ?? 1;
    const b = right[index - (rank - right.length)] ?? 1;
    return broadcastDim(a, b) ?? fail(operator, left, right);
  });
}

function broadcastDim(a: Dim, b: Dim): Dim | undefined {
  if (a === b || b === 1) return a;
  return a === 1 ? b : undefined;
}

function fail(operator: string, left: GraphShape, right: GraphShape): never {
  throw invalidGraph(`${operator}: shapes [${left.join()}] and [${right.join()}] do not broadcast`);
}

/** The type of an elementwise operator of two inputs of the same dtype. */
export function inferElementwise(operator: string, inputs: readonly (ValueType | undefined)[]): ValueType {
  const [x, y] = inputs;
  if (!x || !y) throw invalidGraph(`${operator}: two inputs expected`);
  if (x.dtype !== y.dtype) throw invalidGraph(`${operator}: ${x.dtype} and ${y.dtype} do not mix`);
  return { dtype: x.dtype, shape: broadcastShapes(operator, x.shape, y.shape) };
}
