import { layersOf, type BaseLayout } from './base-layout.js';
import { kindsOf } from './expected-tensors.js';
import { isAdapterMethodName, type AdapterMethodName } from '@prad/adapter-options';

/** Where an adapter attaches. */
export interface AdapterPlaces {
  /** Kinds of places, for example `k_proj` or `mlp`. */
  readonly kinds: readonly string[];
  /** Layers, counted from 0. */
  readonly layers: readonly number[];
  /** True where it adds to the prompt as a whole: soft tokens, keys and values in front, embeddings of its own. */
  readonly wholePrompt: boolean;
}

/** What answer tokens can see of an adapter that acts on the prompt: keys and values from these layers on, from 0. */
export interface Influence {
  /** Undefined where no layer's keys change. */
  readonly keysFrom: number | undefined;
  readonly valuesFrom: number | undefined;
}

/**
 * Which keys and values of the prompt an adapter changes (prad-spec 1.4). Those of a layer are read off the hidden
 * states that enter it: k_proj changes its own layer's keys, v_proj its own layer's values, and every place the hidden
 * states, and so the keys and values of all layers above. What changes neither moves the first answer token alone.
 */
export function influenceOf({ kinds, layers, wholePrompt }: AdapterPlaces, layerCount: number): Influence {
  if (wholePrompt) return { keysFrom: 0, valuesFrom: 0 };
  if (kinds.length === 0 || layers.length === 0) return { keysFrom: undefined, valuesFrom: undefined };
  const first = Math.min(...layers);
  // A change of keys or values alone reaches the hidden states by way of its layer's attention.
  const above = first + 1 < layerCount ? first + 1 : undefined;
  return {
    keysFrom: kinds.includes('k_proj') ? first : above,
    valuesFrom: kinds.includes('v_proj') ? first : above,
  };
}

/** The influence in words, layers counted from 1; without `layerCount` the last one is left open. */
export function influenceText({ keysFrom, valuesFrom }: Influence, layerCount?: number): string {
  const layers = (from: number): string => {
    if (from === 0) return 'all layers';
    if (layerCount === undefined) return `layers ${from + 1} and up`;
    return from + 1 === layerCount ? `layer ${layerCount}` : `layers ${from + 1}-${layerCount}`;
  };
  if (keysFrom === undefined && valuesFrom === undefined) return 'only the first answer token';
  if (keysFrom === valuesFrom && keysFrom !== undefined)
    return `prompt keys and values of ${layers(keysFrom)}`;
  const parts = [
    ...(keysFrom === undefined ? [] : [`prompt keys of ${layers(keysFrom)}`]),
    ...(valuesFrom === undefined ? [] : [`prompt values of ${layers(valuesFrom)}`]),
  ];
  return parts.join(', ');
}

/** Where a method with its options attaches to a base; undefined for a method that is not known. */
export function placesOf(
  method: string,
  options: Readonly<Record<string, unknown>>,
  { modelType, layers }: Pick<BaseLayout, 'modelType' | 'layers'>,
): AdapterPlaces | undefined {
  if (!isAdapterMethodName(method)) return undefined;
  const { special_tokens: tokens, layers: chosen } = options;
  const hasTokens = Array.isArray(tokens) && tokens.length > 0;
  return {
    kinds: kindsFor(method, options, modelType),
    layers: Array.isArray(chosen) ? chosen.map(Number) : layersOf({ layers }),
    wholePrompt: hasTokens || method === 'prefix' || method === 'prompt' || method === 'mam',
  };
}

/** The kinds that the options choose, or that the method has by default. */
function kindsFor(
  method: AdapterMethodName,
  { targets, site }: Readonly<Record<string, unknown>>,
  modelType: string,
): readonly string[] {
  if (Array.isArray(targets)) return targets.map(String);
  switch (method) {
    case 'adapter':
    case 'mam':
      return kindsOf.adapter({ site: site === 'attention' || site === 'both' ? site : 'ffn' });
    case 'lora':
      return kindsOf.lora({}, modelType);
    case 'dora':
      return kindsOf.dora({});
    case 'ia3':
      return kindsOf.ia3;
    case 'prefix':
    case 'prompt':
      return [];
  }
}
