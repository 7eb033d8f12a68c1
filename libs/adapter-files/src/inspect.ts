import { elementCount, type HostTensor } from '@prad/tensor';
import type { AdapterArtefact } from './adapter-artefact.js';
import { influenceOf, influenceText, type AdapterPlaces } from './influence.js';
import type { AdapterFiles } from './peft/peft-method.js';
import { PRAD } from './prad-folder.js';

/** What an adapter's file or folder says of itself, without its base. */
export interface AdapterFacts {
  readonly method: string;
  readonly scope: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly baseModel: string;
  /** Undefined where it is not told, as in PEFT's files. */
  readonly baseDigest: string | undefined;
  readonly tensorCount: number;
  readonly parameterCount: number;
  /** What it can influence, in words. */
  readonly influence: string;
}

export function inspectArtefact(artefact: AdapterArtefact): AdapterFacts {
  const { method, scope, options, baseModel, baseDigest, tensors } = artefact;
  return {
    method,
    scope,
    options,
    baseModel,
    baseDigest,
    ...countsOf(tensors),
    influence: influence(tensors, scope, options['layers'] !== undefined),
  };
}

/** The facts of a folder of PEFT's, whatever its method, or of ours. */
export function inspectFolder({ config, tensors }: AdapterFiles): AdapterFacts {
  const { peft_type: type, base_model_name_or_path: base, ...fields } = config;
  const text = (field: string): string => (typeof fields[field] === 'string' ? fields[field] : '?');
  const { options } = fields;
  const isOurs = type === PRAD;
  const scope = isOurs ? text('scope') : 'all';
  const someLayers = isOurs
    ? typeof options === 'object' && options !== null && 'layers' in options
    : (fields['layers_to_transform'] ?? null) !== null;
  return {
    method: isOurs ? text('method') : `${String(type)} of PEFT`,
    scope,
    options: isOurs ? (typeof options === 'object' ? { ...options } : {}) : used(fields),
    baseModel: typeof base === 'string' ? base : '?',
    baseDigest: isOurs ? text('base_model_digest') : undefined,
    ...countsOf(tensors),
    influence: influence(tensors, scope, someLayers),
  };
}

/** Without the fields by which PEFT says that something is not used. */
function used(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isUsed = (value: unknown): boolean =>
    value !== null && value !== false && (typeof value !== 'object' || Object.keys(value).length > 0);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isUsed(value)));
}

function countsOf(tensors: ReadonlyMap<string, HostTensor>) {
  const parameterCount = [...tensors.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return { tensorCount: tensors.size, parameterCount };
}

/**
 * The last layer with a tensor is taken for the model's last where an adapter attaches to every layer. Where it names
 * its layers, the file does not tell how many there are.
 */
function influence(tensors: ReadonlyMap<string, HostTensor>, scope: string, someLayers: boolean): string {
  const places = placesOfTensors([...tensors.keys()]);
  const layerCount = places.layers.reduce((most, layer) => Math.max(most, layer + 1), 0);
  const text = someLayers
    ? `${influenceText(influenceOf(places, Infinity))}, where the base has them`
    : influenceText(influenceOf(places, layerCount), layerCount);
  return scope === 'all' && !places.wholePrompt ? `every position, so all answer tokens; ${text}` : text;
}

/** Where tensors attach, by their names: ours or PEFT's. */
export function placesOfTensors(names: readonly string[]): AdapterPlaces {
  const found = names.map(placeOfTensor);
  return {
    kinds: [...new Set(found.flatMap((place) => place?.kinds ?? []))],
    layers: [...new Set(found.flatMap((place) => place?.layer ?? []))],
    wholePrompt: found.includes(undefined),
  };
}

/** Modules of PEFT's that hold queries, keys and values. */
const fusedProjections = ['c_attn', 'qkv_proj', 'query_key_value'];

/** What follows a module's path in a tensor's name. */
const families = /^(adapter|lora|dora|ia3|lora_.*|ia3_l)$/;

/** Undefined for a tensor that is in no layer, such as soft tokens. */
function placeOfTensor(
  name: string,
): { readonly kinds: readonly string[]; readonly layer: number } | undefined {
  const parts = name.split('.');
  const layerAt = parts.findIndex((part) => /^\d+$/.test(part));
  const end = parts.findIndex((part, index) => index > layerAt && families.test(part));
  const module = parts[end - 1];
  if (layerAt < 0 || module === undefined) return undefined;
  const kinds = fusedProjections.includes(module) ? ['q_proj', 'k_proj', 'v_proj'] : [module];
  return { kinds, layer: Number(parts[layerAt]) };
}
