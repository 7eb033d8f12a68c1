import { layerNormalization, simplifiedLayerNormalization } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';

/** x / sqrt(mean(x^2) + epsilon) * weight over the last axis. */
export function rmsNorm(at: Scope, x: Value, weight: Value, epsilon: number): Value {
  return simplifiedLayerNormalization(at, x, weight, { epsilon });
}

/** (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis. */
export function layerNorm(at: Scope, x: Value, weight: Value, bias: Value, epsilon: number): Value {
  return layerNormalization(at, x, weight, bias, { axis: -1, epsilon });
}
