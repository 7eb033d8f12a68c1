import type { Scope, Value } from '@prad/graph';

/** The projections of one layer, heads side by side, not yet rotated; N = B*T positions, row after row. */
export interface Projections {
  /** [N, H*D]. */
  readonly query: Value;
  /** [N, K*D]. */
  readonly key: Value;
  /** [N, K*D]. */
  readonly value: Value;
}

/** Causal attention of a layer (counted from 0), rotary positions included; returns [N, H*D]. */
export type Attention = (at: Scope, layer: number, projections: Projections) => Value;
