import { tensor } from '@prad/tensor';
import type { Scope } from '../graph.js';
import type { Value } from '../value.js';

/** A float32 scalar. */
export function scalar(at: Scope, value: number): Value {
  return at.constant(tensor('float32', [], Float32Array.of(value)));
}

/** An int64 vector, as ONNX operators take axes, shapes and bounds. */
export function int64s(at: Scope, values: readonly number[]): Value {
  return at.constant(tensor('int64', [values.length], BigInt64Array.from(values, BigInt)));
}
