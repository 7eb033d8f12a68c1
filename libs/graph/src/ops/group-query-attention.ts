import { invalidGraph, type Scope } from '../graph.js';
import { defineOperator, nonDifferentiable } from '../operator.js';
import type { Dim, Value, ValueType } from '../value.js';
import { dimAt, one } from './inputs.js';

export interface GroupQueryAttentionAttributes {
  readonly heads: number;
  readonly kvHeads: number;
  readonly scale: number;
  /** A position sees itself and the window - 1 before it, as in transformers; all before it by default. */
  readonly window?: number | undefined;
  /** Scores s become cap tanh(s / cap). */
  readonly softcap?: number | undefined;
}

export interface GroupQueryAttentionInputs {
  /** [B, T, H*D], or [B, T, (H+2K)*D] with keys and values behind when `key` and `value` are left out. */
  readonly query: Value;
  /** [B, T, K*D]. */
  readonly key?: Value | undefined;
  readonly value?: Value | undefined;
  /** [B, K, M, D]: room for M positions. */
  readonly pastKey: Value;
  readonly pastValue: Value;
  /** int32 [B]: each row's valid length with the new tokens, minus 1. */
  readonly seqlens: Value;
  /** int32 scalar: the longest row's length with the new tokens. */
  readonly total: Value;
  /** Tables [positions, D/2]; with them queries and keys are rotated inside. */
  readonly rope?: { readonly cos: Value; readonly sin: Value } | undefined;
}

function inferAttention(
  inputs: readonly (ValueType | undefined)[],
  { heads, kvHeads }: GroupQueryAttentionAttributes,
): ValueType[] {
  const query = one('GroupQueryAttention', inputs);
  const [, key, , pastKey, pastValue] = inputs;
  if (!pastKey || !pastValue) throw invalidGraph('GroupQueryAttention: past keys and values expected');
  const size = dimAt(pastKey.shape, -1);
  const width = dimAt(query.shape, -1);
  if (query.shape.length !== 3 || pastKey.shape.length !== 4 || pastKey.shape[1] !== kvHeads) {
    throw invalidGraph(`GroupQueryAttention: query [${query.shape.join()}], past [${pastKey.shape.join()}]`);
  }
  if (typeof size === 'number' && width !== (key ? heads : heads + 2 * kvHeads) * size) {
    throw invalidGraph(`GroupQueryAttention: query of ${width} for ${heads} heads of ${size}`);
  }
  const output: Dim = typeof size === 'number' ? heads * size : `${heads}*${size}`;
  return [
    { dtype: query.dtype, shape: [dimAt(query.shape, 0), dimAt(query.shape, 1), output] },
    { dtype: pastKey.dtype, shape: pastKey.shape },
    { dtype: pastValue.dtype, shape: pastValue.shape },
  ];
}

// Inference only; training uses plain operators that have gradients.
const groupQueryAttentionOperator = defineOperator<
  GroupQueryAttentionAttributes & { readonly rotary: boolean }
>({
  type: 'GroupQueryAttention',
  domain: 'com.microsoft',
  infer: inferAttention,
  vjp: nonDifferentiable,
  onnx: ({ heads, kvHeads, scale, rotary, window, softcap }) => ({
    num_heads: heads,
    kv_num_heads: kvHeads,
    scale: { float: scale },
    do_rotary: rotary ? 1 : 0,
    ...(window !== undefined && { local_window_size: window }),
    ...(softcap !== undefined && { softcap: { float: softcap } }),
  }),
});

/**
 * Causal attention over a cache that has room for M positions; returns [B, T, H*D] and the updated cache. Where the
 * cache goes in and out through the same memory it is updated in place. For a prompt, `total` = T.
 */
export function groupQueryAttention(
  at: Scope,
  inputs: GroupQueryAttentionInputs,
  attributes: GroupQueryAttentionAttributes,
): { output: Value; presentKey: Value; presentValue: Value } {
  const { query, key, value, pastKey, pastValue, seqlens, total, rope } = inputs;
  const [output, presentKey, presentValue] = at.apply(
    groupQueryAttentionOperator,
    [query, key, value, pastKey, pastValue, seqlens, total, rope?.cos, rope?.sin],
    { ...attributes, rotary: rope !== undefined },
  );
  if (!output || !presentKey || !presentValue)
    throw invalidGraph(`${at.path}: GroupQueryAttention has three outputs`);
  return { output, presentKey, presentValue };
}
