import {
  add,
  and,
  cast,
  matmul,
  mul,
  reshape,
  rotaryEmbedding,
  scalar,
  softmax,
  transpose,
  unsqueeze,
  where,
} from '@prad/graph';
import type { Dim, Scope, Value } from '@prad/graph';
import { tensor } from '@prad/tensor';
import { AppError } from '@prad/errors';
import type { Dimensions } from '../architectures/architecture.js';
import type { Attention } from './attention.js';
import { ropeTableOf } from './rope-table.js';

export interface CausalAttentionInputs {
  readonly dimensions: Dimensions;
  /** int64 [B, T]; T must be known when the graph is built. */
  readonly positionIds: Value;
  /** int64 [B, T], 1 at real tokens; may be left out where rows are padded on the right or not at all. */
  readonly attentionMask?: Value | undefined;
  /** Length of the rotary table, where position ids stay below the model's maximum. */
  readonly positions?: number;
}

// Far below any score, yet finite: exp of it is exactly 0 beside any real score.
const MASKED = -1e30;

/**
 * Differentiable attention over the tokens of one pass, for training and full passes. A padded position attends
 * to itself besides what it may see, so that no row is empty; nothing real ever reads it.
 */
export function causalAttention(at: Scope, inputs: CausalAttentionInputs): Attention {
  const { dimensions, positionIds, attentionMask } = inputs;
  const { heads, kvHeads, headDim } = dimensions;
  const [batch, tokens] = batchAndTokens(positionIds);
  const rope = ropeTableOf(at, dimensions, inputs.positions);
  const bias = attentionBias(at, tokens, attentionMask);
  const grouped = (heads / kvHeads) * tokens;

  return (place, _layer, { query, key, value }) => {
    const byHead = (x: Value, count: number): Value =>
      transpose(place, reshape(place, x, [batch, tokens, count, headDim]), [0, 2, 1, 3]); // [B, count, T, D]
    const rotated = (x: Value): Value => (rope ? rotaryEmbedding(place, x, positionIds, rope) : x);
    const q = rotated(byHead(query, heads)); // [B, H, T, D]
    const k = rotated(byHead(key, kvHeads)); // [B, K, T, D]
    const v = byHead(value, kvHeads); // [B, K, T, D]
    // Query heads that share a key head lie side by side, so a group is one taller matrix.
    const scaled = mul(place, q, scalar(place, 1 / Math.sqrt(headDim)));
    const groups = reshape(place, scaled, [batch, kvHeads, grouped, headDim]);
    const scores = matmul(place, groups, transpose(place, k, [0, 1, 3, 2])); // [B, K, G*T, T]
    const masked = add(place, reshape(place, scores, [batch, heads, tokens, tokens]), bias);
    const weights = reshape(place, softmax(place, masked, 3), [batch, kvHeads, grouped, tokens]);
    const mixed = reshape(place, matmul(place, weights, v), [batch, heads, tokens, headDim]);
    return reshape(place, transpose(place, mixed, [0, 2, 1, 3]), [batch, tokens, heads * headDim]);
  };
}

/** 0 where a query may look, `MASKED` elsewhere: [1, 1, T, T], or [B, 1, T, T] with an attention mask. */
function attentionBias(at: Scope, tokens: number, attentionMask: Value | undefined): Value {
  const causal = new Uint8Array(tokens * tokens);
  const self = new Uint8Array(tokens * tokens);
  for (let query = 0; query < tokens; query++) {
    causal.fill(1, query * tokens, query * tokens + query + 1);
    self[query * tokens + query] = 1;
  }
  const square = (data: Uint8Array): Value => at.constant(tensor('bool', [1, 1, tokens, tokens], data));
  const open = scalar(at, 0);
  const closed = scalar(at, MASKED);
  if (!attentionMask) return where(at, square(causal), open, closed);
  const real = unsqueeze(at, cast(at, attentionMask, 'bool'), [1, 2]); // [B, 1, 1, T]
  const seen = where(at, and(at, square(causal), real), open, closed);
  return where(at, square(self), open, seen);
}

function batchAndTokens({ shape }: Value): [Dim, number] {
  const [batch, tokens] = shape;
  if (batch === undefined || typeof tokens !== 'number') {
    throw new AppError({
      kind: 'bug',
      code: 'attention_shape',
      message: `causal attention needs position ids [B, T] with T known when the graph is built, got [${shape.join()}]`,
    });
  }
  return [batch, tokens];
}
