import {
  add,
  and,
  cast,
  concat,
  cumSum,
  dimProduct,
  equal,
  expand,
  greaterOrEqual,
  int64s,
  less,
  matmul,
  mul,
  reshape,
  scalar,
  softmax,
  sub,
  transpose,
  unsqueeze,
  where,
} from '@prad/graph';
import type { Dim, Scope, Value } from '@prad/graph';
import type { Dimensions } from '../architectures/architecture.js';
import type { Attention } from './attention.js';
import { softCap } from '../layers/soft-cap.js';
import { withPrefix, type Prefix } from './prefix.js';
import { rotations } from './rotations.js';

interface CausalAttentionInputs {
  readonly dimensions: Dimensions;
  /** int64 [B, T]. */
  readonly positionIds: Value;
  /** int64 [B, T], 1 at real tokens; may be left out where rows are padded on the right or not at all. */
  readonly attentionMask?: Value | undefined;
  /** What every position sees besides; position ids count from its length. */
  readonly prefix?: Prefix | undefined;
}

// Far below any score, yet finite: exp of it is exactly 0 beside any real score.
const MASKED = -1e30;

/**
 * Differentiable attention over the tokens of one pass, for training and full passes. A padded position attends
 * to itself besides what it may see, so that no row is empty; nothing real ever reads it.
 */
export function causalAttention(at: Scope, inputs: CausalAttentionInputs): Attention {
  const { dimensions, positionIds, prefix } = inputs;
  const { heads, kvHeads, headDim } = dimensions;
  const [batch, tokens] = positionIds.shape as [Dim, Dim];
  const rotate = rotations(at, dimensions, positionIds);
  const bias = attentionBiases(at, inputs);
  const grouped = dimProduct([tokens, heads / kvHeads]);

  return (place, layer, { query, key, value }) => {
    const { scale, softcap, window } = dimensions.attention(layer);
    const byHead = (x: Value, count: number): Value =>
      transpose(place, reshape(place, x, [batch, tokens, count, headDim]), [0, 2, 1, 3]); // [B, count, T, D]
    const q = rotate(place, layer, byHead(query, heads)); // [B, H, T, D]
    const own = { key: rotate(place, layer, byHead(key, kvHeads)), value: byHead(value, kvHeads) }; // [B, K, T, D]
    const seen = prefix ? withPrefix(place, prefix, layer, own) : own; // [B, K, S, D]
    const span = seen.key.shape[2] ?? tokens; // S = T and the prefix
    // Query heads that share a key head lie side by side, so a group is one taller matrix.
    const groups = reshape(place, mul(place, q, scalar(place, scale)), [batch, kvHeads, grouped, headDim]);
    const scores = softCap(place, matmul(place, groups, transpose(place, seen.key, [0, 1, 3, 2])), softcap);
    const masked = add(place, reshape(place, scores, [batch, heads, tokens, span]), bias(window)); // [B, H, T, S]
    const weights = reshape(place, softmax(place, masked, 3), [batch, kvHeads, grouped, span]);
    const mixed = reshape(place, matmul(place, weights, seen.value), [batch, heads, tokens, headDim]);
    return reshape(place, transpose(place, mixed, [0, 2, 1, 3]), [
      dimProduct([batch, tokens]),
      heads * headDim,
    ]);
  };
}

/** 0 where a query may look, `MASKED` elsewhere: [1, 1, T, S], or [B, 1, T, S] with an attention mask. */
function attentionBiases(
  at: Scope,
  { positionIds, attentionMask, prefix }: CausalAttentionInputs,
): (window: number | undefined) => Value {
  const [batch, tokens] = positionIds.shape as [Dim, Dim];
  const before = int64s(at, [prefix?.length ?? 0]);
  const index = add(at, cumSum(at, expand(at, int64s(at, [1]), [tokens]), 0), before); // 1.. or P+1..
  const keys = prefix
    ? concat(
        at,
        [
          int64s(
            at,
            Array.from({ length: prefix.length }, (_, i) => i + 1),
          ),
          index,
        ],
        0,
      )
    : index;
  const [query, key] = [unsqueeze(at, index, [0, 1, 3]), unsqueeze(at, keys, [0, 1, 2])]; // [1, 1, T, 1], [1, 1, 1, S]
  const open = scalar(at, 0);
  const closed = scalar(at, MASKED);
  const causal = greaterOrEqual(at, query, key);
  const real =
    attentionMask && unsqueeze(at, cast(at, everyKey(at, attentionMask, batch, prefix), 'bool'), [1, 2]); // [B, 1, 1, S]
  const made = new Map<number | undefined, Value>();
  return (window) => {
    const near =
      window === undefined ? causal : and(at, causal, less(at, sub(at, query, key), int64s(at, [window])));
    const allowed = real ? and(at, near, real) : near;
    const seen = where(at, allowed, open, closed);
    const bias = made.get(window) ?? (real ? where(at, equal(at, query, key), open, seen) : seen);
    made.set(window, bias);
    return bias;
  };
}

/** The mask of the tokens with that of the prefix, which is real for all, in front: [B, S]. */
function everyKey(at: Scope, mask: Value, batch: Dim, prefix: Prefix | undefined): Value {
  if (!prefix) return mask;
  return concat(at, [expand(at, int64s(at, [1]), [batch, prefix.length]), mask], 1);
}
