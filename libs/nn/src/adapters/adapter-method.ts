import type { Scope, Value } from '@prad/graph';
import type { ZodType } from 'zod';
import type { LanguageModel } from '../architectures/architecture.js';
import type { Site } from '../architectures/site.js';
import type { ParameterSpec } from '../random/initialise.js';

/** Start values: `identity` changes nothing at step 0; `released` is N(0, 0.02^2), what the released code does. */
export const adapterInits = ['identity', 'released'] as const;

/** What every method's options have; a method may add its own. */
export interface AdapterOptions {
  /** Width of the bottleneck or of the low-rank factors. */
  readonly rank: number;
  /** Factor on the delta. */
  readonly scale: number;
  readonly init: (typeof adapterInits)[number];
}

/** One tensor of a method at a site, named within the site (`down.weight`). */
export interface AdapterParameter extends ParameterSpec {
  /** The axis whose size is the rank; absent where the tensor does not depend on it. */
  readonly rankAxis?: number;
}

/** The tensor of that name at the site at hand. */
type SiteTensors = (name: string) => Value;

/**
 * What a method is, whatever its options: its tensors at a site and the delta that they make there.
 *
 * `delta` is the change before the mask. Its tensors come either as `parameters` shapes them (one adapter for all
 * rows) or one per row in front, [B, ...], with vectors as [B, 1, n] and `scale` as [B, 1, 1]; it must be zero for
 * tensors of zeros, and unchanged when the rank is padded with zeros.
 */
export interface AdapterFamily {
  /** PEFT's name; part of the tensors' names. */
  readonly name: string;
  readonly parameters: (
    site: Site,
    options: Pick<AdapterOptions, 'rank' | 'init'>,
  ) => readonly AdapterParameter[];
  /** input [B, T, in] -> [B, T, out]. */
  readonly delta: (at: Scope, input: Value, tensors: SiteTensors, scale: Value) => Value;
}

/** A family of trainable modules that add a delta to a site's output, with its options. */
export interface AdapterMethod<O extends AdapterOptions> extends AdapterFamily {
  /** Options with their defaults. */
  readonly options: ZodType<O>;
  /** The model's sites that the options choose. */
  readonly targets: (model: Pick<LanguageModel, 'modelType' | 'sites'>, options: O) => readonly Site[];
}

/** The name of a tensor in graphs and artefacts: `model.layers.0.mlp.adapter.down.weight`. */
export function adapterTensorName(site: Site, family: AdapterFamily, name: string): string {
  return `${site.module}.${family.name}.${name}`;
}
