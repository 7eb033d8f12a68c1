import type { Scope, Value } from '@prad/graph';

/** What kind of place a site is; `mlp` is the whole feed-forward branch, from normed input to output. */
export type SiteKind = (typeof siteKinds)[number];
export const siteKinds = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'down_proj',
  'mlp',
] as const;

/** A named place of the forward pass that an adapter may change. */
export interface Site {
  /** Module path, for example `model.layers.0.mlp`; adapter tensors are named after it. */
  readonly module: string;
  readonly kind: SiteKind;
  /** Counted from 0. */
  readonly layer: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
}

/** What flows through a site: input [B, T, in] and output [B, T, out]. */
export interface SiteFlow {
  readonly input: Value;
  readonly output: Value;
}

/** Asked at every site for the output to go on with. */
export type AdapterHook = (at: Scope, site: Site, flow: SiteFlow) => Value;

/** The base model as it is; the only hook of the decode graph. */
export const noAdapter: AdapterHook = (_at, _site, flow) => flow.output;
