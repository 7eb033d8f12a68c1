import {
  layerNormalization,
  simplifiedLayerNormalization,
  skipSimplifiedLayerNormalization,
} from '@prad/graph';
import type { Scope, Value } from '@prad/graph';

/** x / sqrt(mean(x^2) + epsilon) * weight over the last axis. */
export function rmsNorm(at: Scope, x: Value, weight: Value, epsilon: number): Value {
  return simplifiedLayerNormalization(at, x, weight, { epsilon });
}

/** h + x, and its norm as `rmsNorm`: what goes on beside a block and what goes into the next. */
export function addRmsNorm(
  at: Scope,
  h: Value,
  x: Value,
  { weight, epsilon }: { readonly weight: Value; readonly epsilon: number },
): { readonly normed: Value; readonly sum: Value } {
  return skipSimplifiedLayerNormalization(at, h, { skip: x, scale: weight }, { epsilon });
}

/** (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis. */
export function layerNorm(at: Scope, x: Value, weight: Value, bias: Value, epsilon: number): Value {
  return layerNormalization(at, x, weight, bias, { axis: -1, epsilon });
}
