import { z } from 'zod';

const size = z.int().min(1);

/** A kind of place where an adapter attaches, the same in every layer. */
const siteLayout = z.object({
  /** Module path with `*` for the layer's number: `model.layers.*.self_attn.q_proj`. */
  module: z.string().min(1),
  inFeatures: size,
  outFeatures: size,
  /** Whether it is a module with a weight of its own, and not a whole branch or a share of a fused module. */
  weight: z.boolean(),
  /** Whether the base adds a bias there. */
  bias: z.boolean(),
});
export type SiteLayout = z.infer<typeof siteLayout>;

/**
 * What an adapter's files must agree with: the sizes and places of its base model, as plain data, so that they can be
 * checked where no model is built.
 */
export const baseLayout = z.object({
  /** Hugging Face's `model_type`. */
  modelType: z.string().min(1),
  layers: size,
  /** E. */
  hiddenSize: size,
  /** H. */
  heads: size,
  /** K. */
  kvHeads: size,
  /** D. */
  headDim: size,
  /** By kind, for example `q_proj` or `mlp`. */
  sites: z.record(z.string(), siteLayout),
});
export type BaseLayout = z.infer<typeof baseLayout>;

/** A base model that adapters belong to. */
export interface AdapterBase {
  readonly name: string;
  /** Hex SHA-256 of its weights. */
  readonly digest: string;
  readonly layout: BaseLayout;
}

/** The layers that an option chooses, counted from 0; all where it is not given. */
export function layersOf(
  { layers }: Pick<BaseLayout, 'layers'>,
  chosen?: readonly number[],
): readonly number[] {
  return chosen ?? Array.from({ length: layers }, (_, layer) => layer);
}

/** The module of a place in one layer, counted from 0. */
export function moduleOf({ module }: Pick<SiteLayout, 'module'>, layer: number): string {
  return module.replace('*', String(layer));
}
