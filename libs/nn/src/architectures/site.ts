import { projectionKinds } from '@prad/adapter-options';
import type { Scope, Value } from '@prad/graph';
import type { Prefix } from '../attention/prefix.js';

/**
 * What kind of place a site is. `mlp` and `self_attn` are whole branches, from normed input to what is added to the
 * residual stream; the others are projections.
 */
export type SiteKind = (typeof siteKinds)[number];
export const siteKinds = [...projectionKinds, 'mlp', 'self_attn'] as const;

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

/** The base weight of a projection. */
export interface SiteWeight {
  readonly matrix: Value;
  /** Whether `matrix` is [out, in], as Hugging Face's Linear has it, and not [in, out]. */
  readonly outFirst: boolean;
  /** [out]. */
  readonly bias: Value | undefined;
}

/** What flows through a site; N = B*T positions, row after row. */
export interface SiteFlow {
  /** [N, in]. */
  readonly input: Value;
  /** [N, out]. */
  readonly output: Value;
  /** Of a projection; a whole branch has none. */
  readonly weight?: () => SiteWeight;
}

/** The ways in for adapters: each function is asked for the value to go on with. */
export interface Adaptation {
  /** What every position attends to besides. */
  readonly prefix?: Prefix | undefined;
  /** After the token embedding: [N, E]. */
  readonly embedding: (at: Scope, embedded: Value) => Value;
  /** Before the down projection of a feed-forward: its input [N, in]. */
  readonly input: (at: Scope, site: Site, input: Value) => Value;
  /** After every site: its output [N, out]. */
  readonly output: (at: Scope, site: Site, flow: SiteFlow) => Value;
  /** After the head: logits [N, V] of hidden states [N, E]. */
  readonly logits: (at: Scope, hidden: Value, logits: Value) => Value;
}

/** The base model as it is; what the decode graph is built with. */
export const noAdapter: Adaptation = {
  embedding: (_at, embedded) => embedded,
  input: (_at, _site, input) => input,
  output: (_at, _site, flow) => flow.output,
  logits: (_at, _hidden, logits) => logits,
};
