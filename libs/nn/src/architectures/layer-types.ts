import { z, type ZodType } from 'zod';

/** How each layer attends, as transformers 5 writes it; older files say it by a rule of the family. */
export const layerTypes = z
  .array(
    z.enum(['full_attention', 'sliding_attention'], {
      error: (issue) =>
        `only full_attention and sliding_attention are supported, got ${JSON.stringify(issue.input)}`,
    }),
  )
  .nullish();

interface LayerTypeFields {
  readonly num_hidden_layers: number;
  readonly layer_types?: readonly string[] | null | undefined;
}

/** A family's config, refused where `layer_types` is not one for each layer. */
export function withEveryLayerType<S extends ZodType<LayerTypeFields>>(schema: S): S {
  return schema.refine((c) => c.layer_types?.length === c.num_hidden_layers || !c.layer_types, {
    error: 'must name one type for each of num_hidden_layers',
    path: ['layer_types'],
  });
}

/** Whether a layer sees a window only: by its type, or where there is none by the family's rule. */
export function isSliding(c: LayerTypeFields, layer: number, rule: (layer: number) => boolean): boolean {
  return c.layer_types ? c.layer_types[layer] === 'sliding_attention' : rule(layer);
}
