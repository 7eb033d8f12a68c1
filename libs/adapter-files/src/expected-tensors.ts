import type { Shape } from '@prad/tensor';
import { layersOf, moduleOf, type BaseLayout, type SiteLayout } from './base-layout.js';
import type { OptionsOf } from '@prad/adapter-options';

/** What a method's tensors at a site are called there, with their shapes. */
type SiteShapes = (site: SiteLayout, kind: string) => Readonly<Record<string, Shape>>;

/** Tensors by their full names. */
export type ExpectedTensors = ReadonlyMap<string, Shape>;

/** The kinds of places where a method attaches, for the options that choose them. */
export const kindsOf = {
  adapter: ({ site }: Pick<OptionsOf<'adapter'>, 'site'>): readonly string[] =>
    ({ ffn: ['mlp'], attention: ['self_attn'], both: ['self_attn', 'mlp'] })[site],
  // The released code adapts queries and values of GPT-2, keys and values of LLaMA.
  lora: ({ targets }: Pick<OptionsOf<'lora'>, 'targets'>, modelType: string): readonly string[] =>
    targets ?? (modelType === 'gpt2' ? ['q_proj', 'v_proj'] : ['k_proj', 'v_proj']),
  dora: ({ targets }: Pick<OptionsOf<'dora'>, 'targets'>): readonly string[] =>
    targets ?? ['up_proj', 'down_proj'],
  ia3: ['k_proj', 'v_proj', 'down_proj'],
} as const;

/** The tensors of each method's artefact on a base; a prefix is kept as its rows. */
export const expectedTensors = {
  adapter: (options: OptionsOf<'adapter'>, layout: BaseLayout) =>
    new Map([...bottlenecks(options, layout), ...special(options, layout)]),
  lora: (options: OptionsOf<'lora'>, layout: BaseLayout) =>
    new Map([
      ...atSites('lora', kindsOf.lora(options, layout.modelType), options, layout, (site) =>
        factors(site, options),
      ),
      ...special(options, layout),
    ]),
  dora: (options: OptionsOf<'dora'>, layout: BaseLayout) =>
    new Map([
      ...atSites('dora', kindsOf.dora(options), options, layout, (site) => ({
        ...factors(site, options),
        magnitude: [site.outFeatures],
      })),
      ...special(options, layout),
    ]),
  prefix: (options: OptionsOf<'prefix'>, layout: BaseLayout) =>
    new Map([prefixRows(options.length, layout), ...special(options, layout)]),
  prompt: (options: OptionsOf<'prompt'>, layout: BaseLayout) =>
    new Map([['prompt.weight', [options.length, layout.hiddenSize]], ...special(options, layout)]),
  mam: (options: OptionsOf<'mam'>, layout: BaseLayout) =>
    new Map([
      ...bottlenecks(options, layout),
      prefixRows(options.prefix_length, layout),
      ...special(options, layout),
    ]),
  ia3: (options: OptionsOf<'ia3'>, layout: BaseLayout) =>
    new Map([
      ...atSites('ia3', options.targets, options, layout, (site, kind) => ({
        scale: [kind === 'down_proj' ? site.inFeatures : site.outFeatures],
      })),
      ...special(options, layout),
    ]),
} as const;

type Entry = [name: string, shape: Shape];

function atSites(
  part: string,
  kinds: readonly string[],
  { layers }: { readonly layers?: readonly number[] | undefined },
  layout: BaseLayout,
  shapes: SiteShapes,
): Entry[] {
  return [...new Set(kinds)].flatMap((kind) => {
    const site = layout.sites[kind];
    if (site === undefined) return [];
    return layersOf(layout, layers).flatMap((layer) =>
      Object.entries(shapes(site, kind)).map(([name, shape]): Entry => [
        `${moduleOf(site, layer)}.${part}.${name}`,
        shape,
      ]),
    );
  });
}

function bottlenecks(options: OptionsOf<'adapter'> | OptionsOf<'mam'>, layout: BaseLayout): Entry[] {
  const { rank, scale, layer_norm: norm } = options;
  return atSites('adapter', kindsOf.adapter(options), options, layout, ({ inFeatures, outFeatures }) => {
    const size = norm === 'in' ? inFeatures : outFeatures;
    return {
      'down.weight': [inFeatures, rank],
      'down.bias': [rank],
      'up.weight': [rank, outFeatures],
      'up.bias': [outFeatures],
      ...(norm === 'none' ? {} : { 'norm.weight': [size], 'norm.bias': [size] }),
      ...(scale === 'learnable' && { scale: [1] }),
    };
  });
}

function factors({ inFeatures, outFeatures }: SiteLayout, { rank }: { readonly rank: number }) {
  return { a: [inFeatures, rank], b: [rank, outFeatures] };
}

function prefixRows(length: number, { layers, kvHeads, headDim }: BaseLayout): Entry {
  return ['prefix.weight', [length, 2 * layers * kvHeads * headDim]];
}

function special(
  { special_tokens: texts }: { readonly special_tokens: readonly string[] },
  layout: BaseLayout,
): Entry[] {
  return texts.length === 0 ? [] : [['special_tokens.weight', [texts.length, layout.hiddenSize]]];
}
