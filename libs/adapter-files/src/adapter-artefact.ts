import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { decodeSafetensors, encodeSafetensors, type JsonObject } from '@prad/formats';
import type { HostTensor } from '@prad/tensor';
import { invalidAdapter } from './float-tensors.js';
import { wrongBase } from './prad-folder.js';

/** A trained adapter: its tensors and all that is needed to apply them to the right base. */
export interface AdapterArtefact {
  /** Registered adapter method. */
  readonly method: string;
  /** The method's options, complete. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Mask policy the adapter was trained under. */
  readonly scope: string;
  /** Digest of the base model's weight file; the adapter fits no other base. */
  readonly baseDigest: string;
  readonly baseModel: string;
  /** float32, by name, for example `model.layers.0.mlp.adapter.down.weight`. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** PEFT's adapter_config.json that it was imported from, for the way back. */
  readonly peftConfig?: JsonObject;
}

const FORMAT = 'prad-adapter';
const FORMAT_VERSION = '1';

/** The bytes of `adapter.safetensors`; equal artefacts give equal bytes. */
export function encodeAdapter(artefact: AdapterArtefact): Uint8Array {
  return encodeSafetensors(artefact.tensors, {
    format: FORMAT,
    format_version: FORMAT_VERSION,
    method: artefact.method,
    options: JSON.stringify(artefact.options),
    scope: artefact.scope,
    base_digest: artefact.baseDigest,
    base_model: artefact.baseModel,
    ...(artefact.peftConfig && { peft_config: JSON.stringify(artefact.peftConfig) }),
  });
}

/** Hex SHA-256 of an artefact's bytes: its identity. */
export function adapterDigest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Reads an adapter for a given base.
 * @throws AppError invalid `invalid_adapter` for a file that is no adapter or was altered;
 * conflict `wrong_base_model` for an adapter of another base.
 */
export async function readAdapter(
  path: string,
  base: { readonly digest: string; readonly name: string },
  expectedDigest?: string,
): Promise<AdapterArtefact> {
  const bytes = await readFile(path);
  const digest = adapterDigest(bytes);
  if (expectedDigest !== undefined && digest !== expectedDigest) {
    throw invalidAdapter(`${path}: the content has digest ${digest}, expected ${expectedDigest}`);
  }
  const artefact = await decodeAdapter(bytes, path);
  if (artefact.baseDigest !== base.digest) {
    throw wrongBase(artefact.baseModel, artefact.baseDigest, base);
  }
  return artefact;
}

/** @throws AppError invalid `invalid_adapter`, or what `decodeSafetensors` throws. */
export async function decodeAdapter(bytes: Uint8Array, where: string): Promise<AdapterArtefact> {
  const { metadata, tensors } = await decodeSafetensors(bytes);
  const field = (name: string): string => {
    const value = metadata[name];
    if (value === undefined) throw invalidAdapter(`${where}: the metadata lack ${name}`);
    return value;
  };
  if (field('format') !== FORMAT || field('format_version') !== FORMAT_VERSION) {
    throw invalidAdapter(
      `${where}: format ${field('format')} version ${field('format_version')}, expected ${FORMAT} version ${FORMAT_VERSION}`,
    );
  }
  const peftConfig = metadata['peft_config'];
  const method = field('method');
  return {
    method,
    options: renamed(method, parseObject('options', field('options'), where)),
    scope: field('scope'),
    baseDigest: field('base_digest'),
    baseModel: field('base_model'),
    tensors,
    ...(peftConfig !== undefined && { peftConfig: parseObject('peft_config', peftConfig, where) }),
  };
}

/** Files of the first release call lora's alpha its scale. */
function renamed(method: string, options: JsonObject): JsonObject {
  const { scale, ...others } = options;
  return method === 'lora' && scale !== undefined ? { ...others, alpha: scale } : options;
}

function parseObject(name: string, text: string, where: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Falls through to the same sentence: what matters is what was expected.
  }
  throw invalidAdapter(`${where}: the metadata field ${name} is no JSON object`);
}
