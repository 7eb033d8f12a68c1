import { float32ToFloat16, tensor, zeros as hostZeros, type Dtype } from '@prad/tensor';
import { invalidGraph, type Scope } from '../graph.js';
import type { Value } from '../value.js';
import { expandLike } from './expand.js';

/** A scalar zero of a float dtype, to be broadcast. */
export function zeroScalar(at: Scope, dtype: Dtype): Value {
  if (dtype === 'float32') return at.constant(hostZeros(dtype, []));
  if (dtype === 'float16') return at.constant(hostZeros(dtype, []));
  throw invalidGraph(`${at.path}: no gradient of dtype ${dtype}`);
}

/** The number as a scalar of the float dtype of `like`. */
export function scalarLike(at: Scope, like: Value, value: number): Value {
  if (like.dtype === 'float16')
    return at.constant(tensor('float16', [], float32ToFloat16(Float32Array.of(value))));
  return at.constant(tensor('float32', [], Float32Array.of(value)));
}

/** Zeros of the shape of `like`. */
export function zerosLike(at: Scope, like: Value): Value {
  return expandLike(at, zeroScalar(at, like.dtype), like);
}
