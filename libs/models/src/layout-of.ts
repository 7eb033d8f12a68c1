import type { BaseLayout } from '@prad/adapter-files';
import { AppError } from '@prad/errors';
import type { LanguageModel } from '@prad/nn';

/** Modules whose bias the base keeps fused with others'. */
const fusedBias: Readonly<Record<string, (module: string) => string>> = {
  gpt2: (module) => module.replace(/\.[qkv]_proj$/, '.c_attn'),
  gpt_neox: (module) => module.replace(/\.[qkv]_proj$/, '.query_key_value'),
};

/** The sizes and places of a model, of which every layer has the same. */
export function layoutOf({ modelType, dimensions, sites, parameters }: LanguageModel): BaseLayout {
  const { layers, hiddenSize, heads, kvHeads, headDim } = dimensions;
  const names = new Set(parameters.map(({ name }) => name));
  const biasOf = (module: string): string => `${fusedBias[modelType]?.(module) ?? module}.bias`;
  const described = sites.map((site) => {
    const { kind, inFeatures, outFeatures, module } = site;
    const place = {
      module: module.replace(`.${site.layer}.`, '.*.'),
      ...{ inFeatures, outFeatures, weight: names.has(`${module}.weight`), bias: names.has(biasOf(module)) },
    };
    return [kind, place] as const;
  });
  const byKind = Object.fromEntries(described);
  const odd = described.find(([kind, place]) => JSON.stringify(byKind[kind]) !== JSON.stringify(place));
  if (odd) {
    throw new AppError({
      kind: 'bug',
      code: 'uneven_layers',
      message: `${modelType}: the layers have different places ${odd[0]}, which the layout of a base cannot say`,
    });
  }
  return { modelType, layers, hiddenSize, heads, kvHeads, headDim, sites: byKind };
}
