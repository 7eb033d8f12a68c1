import { decodeSafetensors, encodeSafetensors, parseJsonObject, type JsonObject } from '@prad/formats';
import { AppError } from '@prad/errors';
import type { AdapterFiles } from './peft/peft-method.js';

/** The two files of an adapter's folder, PEFT's layout. */
export const adapterFolder = { config: 'adapter_config.json', weights: 'adapter_model.safetensors' } as const;

/** Both files as bytes. */
export interface AdapterFolderBytes {
  readonly config: Uint8Array;
  readonly weights: Uint8Array;
}

/** A config is a page of JSON; PEFT's has some forty fields. */
const LARGEST_CONFIG = 1 << 20;
const CONFIG_DEPTH = 16;

/** Reads both files, whoever wrote them. @throws AppError invalid, naming the file. */
export async function decodeAdapterFolder({ config, weights }: AdapterFolderBytes): Promise<AdapterFiles> {
  if (config.byteLength > LARGEST_CONFIG) {
    throw new AppError({
      kind: 'invalid',
      code: 'invalid_adapter',
      message: `${adapterFolder.config}: at most ${LARGEST_CONFIG} bytes, got ${config.byteLength}`,
    });
  }
  const { tensors } = await decodeSafetensors(weights, adapterFolder.weights);
  return { config: parseJsonObject(config, adapterFolder.config, CONFIG_DEPTH), tensors };
}

/** The same files give the same bytes; PEFT's own come out as PEFT writes them. */
export function encodeAdapterFolder({ config, tensors }: AdapterFiles): AdapterFolderBytes {
  const sorted: JsonObject = Object.fromEntries(
    Object.keys(config)
      .sort()
      .map((key) => [key, config[key]]),
  );
  return {
    config: new TextEncoder().encode(JSON.stringify(sorted, null, 2)),
    weights: encodeSafetensors(tensors, { format: 'pt' }),
  };
}
