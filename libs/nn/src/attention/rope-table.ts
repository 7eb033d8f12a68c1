import { tensor } from '@prad/tensor';
import type { Scope, Value } from '@prad/graph';
import type { Dimensions } from '../architectures/architecture.js';

export interface RopeTable {
  readonly cos: Value;
  readonly sin: Value;
}

/** Constants cos and sin [positions, D/2] of the angles p * theta^(-2i/D). */
function ropeTable(at: Scope, theta: number, headDim: number, positions: number): RopeTable {
  const half = headDim / 2;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let i = 0; i < half; i++) {
    // Rounded to float32 as the reference implementations hold the frequencies.
    const frequency = Math.fround(theta ** (-i / half));
    for (let position = 0; position < positions; position++) {
      const angle = Math.fround(position * frequency);
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  return {
    cos: at.constant(tensor('float32', [positions, half], cos)),
    sin: at.constant(tensor('float32', [positions, half], sin)),
  };
}

/** The model's table, or undefined where its positions are learned. `positions` bounds its length. */
export function ropeTableOf(at: Scope, dimensions: Dimensions, positions?: number): RopeTable | undefined {
  const { rope, headDim, maxPositions } = dimensions;
  return rope && ropeTable(at, rope.theta, headDim, Math.min(positions ?? maxPositions, maxPositions));
}
