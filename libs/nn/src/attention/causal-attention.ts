import {
  add,
  and,
  cast,
  cumSum,
  dimProduct,
  equal,
  expand,
  greaterOrEqual,
  int64s,
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
import type { Dimensions } from '../architectures/architecture.js';
import type { Attention } from './attention.js';
import { ropeTableOf } from './rope-table.js';

interface CausalAttentionInputs {
  readonly dimensions: Dimensions;
  /** int64 [B, T]. */
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
  const [batch, tokens] = positionIds.shape as [Dim, Dim];
  const rope = ropeTableOf(at, dimensions, inputs.positions);
  const bias = attentionBias(at, tokens, attentionMask);
  const grouped = dimProduct([tokens, heads / kvHeads]);

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
function attentionBias(at: Scope, tokens: Dim, attentionMask: Value | undefined): Value {
  const ones = expand(at, int64s(at, [1]), [tokens]);
  const index = cumSum(at, ones, 0);
  const [query, key] = [unsqueeze(at, index, [0, 1, 3]), unsqueeze(at, index, [0, 1, 2])]; // [1, 1, T, 1], [1, 1, 1, T]
  const open = scalar(at, 0);
  const closed = scalar(at, MASKED);
  const causal = greaterOrEqual(at, query, key);
  if (!attentionMask) return where(at, causal, open, closed);
  const real = unsqueeze(at, cast(at, attentionMask, 'bool'), [1, 2]); // [B, 1, 1, T]
  const seen = where(at, and(at, causal, real), open, closed);
  return where(at, equal(at, query, key), open, seen);
}
