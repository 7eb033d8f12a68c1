import { z, type ZodType } from 'zod';
import { size } from './config-fields.js';
import { isSliding, layerTypes, withEveryLayerType } from './layer-types.js';

/** Qwen's files name a window that is off unless `use_sliding_window` says so. */
export const qwenWindowFields = {
  use_sliding_window: z.boolean().default(false),
  sliding_window: size.nullish(),
  max_window_layers: z.int().min(0).nullish(),
  layer_types: layerTypes,
};

interface QwenWindowFields {
  readonly num_hidden_layers: number;
  readonly use_sliding_window: boolean;
  readonly sliding_window?: number | null | undefined;
  readonly max_window_layers?: number | null | undefined;
  readonly layer_types?: readonly string[] | null | undefined;
}

/** A config of Qwen, refused where a layer has a window whose size or place is not said. */
export function withQwenWindow<S extends ZodType<QwenWindowFields>>(schema: S): S {
  return withEveryLayerType(schema)
    .refine((c) => !c.use_sliding_window || typeof c.sliding_window === 'number', {
      error: 'must be a number where use_sliding_window is true',
      path: ['sliding_window'],
    })
    .refine((c) => !c.use_sliding_window || (c.layer_types ?? c.max_window_layers ?? null) !== null, {
      error: 'must be a number where use_sliding_window is true and there are no layer_types',
      path: ['max_window_layers'],
    })
    .refine((c) => c.use_sliding_window || !c.layer_types?.includes('sliding_attention'), {
      error: 'must all be full_attention where use_sliding_window is false',
      path: ['layer_types'],
    });
}

/** The window of a layer: with it on, layers from `max_window_layers` on have it. */
export function qwenWindow(c: QwenWindowFields, layer: number): number | undefined {
  const windowed = c.use_sliding_window && isSliding(c, layer, (at) => at >= (c.max_window_layers ?? 0));
  return windowed ? (c.sliding_window ?? undefined) : undefined;
}
