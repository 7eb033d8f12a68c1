import type { Scope, Value } from '@prad/graph';

/** The projections of one layer, heads side by side, not yet rotated. */
interface Projections {
  /** [B, T, H*D]. */
  readonly query: Value;
  /** [B, T, K*D]. */
  readonly key: Value;
  /** [B, T, K*D]. */
  readonly value: Value;
}

/** Causal attention of a layer (counted from 0), rotary positions included; returns [B, T, H*D]. */
export type Attention = (at: Scope, layer: number, projections: Projections) => Value;
