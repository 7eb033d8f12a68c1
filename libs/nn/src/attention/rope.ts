import { tensor } from '@prad/tensor';
import type { Scope, Value } from '@prad/graph';

/** Rotary positions of a layer. */
export interface Rope {
  readonly theta: number;
  /** How many of a head's numbers turn; the head size unless the family rotates only a part. Even. */
  readonly rotaryDim: number;
  /** How a longer context than the pretrained one was reached; names as in config.json's `rope_scaling`. */
  readonly scaling?: RopeScaling | undefined;
}

export type RopeScaling =
  | { readonly type: 'linear'; readonly factor: number }
  /** Each frequency is divided by its own. */
  | { readonly type: 'factors'; readonly factors: readonly number[] }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      readonly originalMaxPositions: number;
    };

export interface RopeTable {
  readonly cos: Value;
  readonly sin: Value;
}

/** Constants cos and sin [positions, rotaryDim/2] of the angles p * frequency_i. */
export function ropeTable(at: Scope, rope: Rope, positions: number): RopeTable {
  const frequencies = ropeFrequencies(rope);
  const half = frequencies.length;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(position * (frequencies[i] ?? 0));
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  return {
    cos: at.constant(tensor('float32', [positions, half], cos)),
    sin: at.constant(tensor('float32', [positions, half], sin)),
  };
}

/** theta^(-2i/D), scaled; in float32, as the reference implementations hold them. */
function ropeFrequencies({ theta, rotaryDim, scaling }: Rope): Float32Array {
  const half = rotaryDim / 2;
  return Float32Array.from({ length: half }, (_, i) => {
    const frequency = theta ** (-i / half);
    switch (scaling?.type) {
      case undefined:
        return frequency;
      case 'linear':
        return frequency / scaling.factor;
      case 'factors':
        return frequency / (scaling.factors[i] ?? 1);
      case 'llama3':
        return llama3Frequency(frequency, scaling);
    }
  });
}

/**
 * LLaMA 3.1: long waves are stretched by the factor, short ones stay, those in between are blended (transformers'
 * `_compute_llama3_parameters`).
 */
function llama3Frequency(frequency: number, scaling: Extract<RopeScaling, { type: 'llama3' }>): number {
  const { factor, lowFreqFactor, highFreqFactor, originalMaxPositions } = scaling;
  const waves = (originalMaxPositions * frequency) / (2 * Math.PI);
  const kept = Math.min(1, Math.max(0, (waves - lowFreqFactor) / (highFreqFactor - lowFreqFactor)));
  return ((1 - kept) * frequency) / factor + kept * frequency;
}
