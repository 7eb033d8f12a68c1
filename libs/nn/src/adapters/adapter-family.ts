import type { Scope, Value } from '@prad/graph';
import type { Shape } from '@prad/tensor';
import type { Site, SiteFlow } from '../architectures/site.js';

/** One tensor of a family at a site, named within the site (`up.weight`). */
export interface FamilyTensor {
  readonly name: string;
  /** A vector or a matrix. */
  readonly shape: Shape;
  /** The axis whose size is the rank; absent where the tensor does not depend on it. */
  readonly rankAxis?: number;
}

/** Where a delta may lose numbers in training: before the module, between its two matrices, or at its end. */
export type DropoutPlace = 'input' | 'inner' | 'output';

/** Dropout at a place; the value itself where there is none. */
export type Drop = (at: Scope, place: DropoutPlace, x: Value) => Value;

export const noDrop: Drop = (_at, _place, x) => x;

/** Rows [..., n] times the mask of their positions. */
export type Masked = (at: Scope, x: Value) => Value;

/**
 * What changes at a site, whatever the method's options: adapters of one family mix in a batch, each row with its
 * own tensors.
 *
 * `delta` is the change, by `masked` zero where the mask is. Its tensors come either as `tensors` shapes them (one adapter for all
 * rows, flow [N, *]) or one per row in front, [B, ...] with vectors as [B, 1, n] (flow [B, T, *]). It must be zero
 * for tensors of zeros, and unchanged when the rank is padded with zeros.
 */
export interface AdapterFamily {
  /** Names the family in a bank. */
  readonly key: string;
  /** Whether the delta is added to what goes into the site or to what comes out. */
  readonly acts: 'input' | 'output';
  readonly tensors: (site: Site, rank: number) => readonly FamilyTensor[];
  readonly delta: (
    at: Scope,
    flow: SiteFlow,
    tensor: (name: string) => Value,
    masked: Masked,
    drop: Drop,
  ) => Value;
}
