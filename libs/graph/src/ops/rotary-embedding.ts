import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator } from '../operator.js';
import type { Value } from '../value.js';
import { requireIndices } from './gather.js';
import { dimAt, sameDims, staticDim, three } from './inputs.js';
import { neg } from './neg.js';

// Each pair (a, b) turns by its angle: (a cos - b sin, a sin + b cos). The transpose of a rotation is the one by
// the opposite angle: same cosines, negated sines.
const rotaryEmbeddingOperator = defineOperator<undefined>({
  type: 'RotaryEmbedding',
  domain: 'com.microsoft',
  infer: (inputs) => {
    const [x, positions, cos] = three('RotaryEmbedding', inputs);
    const sin = inputs[3];
    requireIndices('RotaryEmbedding', positions);
    if (!sin || cos.shape.length !== 2 || !sameDims(cos.shape, sin.shape)) {
      throw invalidGraph(`RotaryEmbedding: tables of cosines [${cos.shape.join()}] and sines do not match`);
    }
    const head = 2 * staticDim('RotaryEmbedding', dimAt(cos.shape, 1));
    const width = staticDim('RotaryEmbedding', dimAt(x.shape, -1));
    const fits = x.shape.length === 4 ? width === head : x.shape.length === 3 && width % head === 0;
    if (!fits) throw invalidGraph(`RotaryEmbedding: [${x.shape.join()}] with heads of ${head}`);
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  vjp: ({ at, input, gradient }) => {
    const tables = { cos: input(2), sin: neg(at, input(3)) };
    return [rotaryEmbedding(at, gradient, input(1), tables)];
  },
});

/**
 * Rotary position embedding on the two halves of each head (not interleaved).
 * x [B, T, H*D] or [B, H, T, D]; positions int64 [B, T]; cos and sin [positions, D/2].
 */
export function rotaryEmbedding(
  at: Scope,
  x: Value,
  positions: Value,
  { cos, sin }: { readonly cos: Value; readonly sin: Value },
): Value {
  return at.apply1(rotaryEmbeddingOperator, [x, positions, cos, sin], undefined);
}
