import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openError } from '../byte-source.js';
import { invalid } from '../invalid.js';
import type { ModelTensor } from '../model-source.js';
import { openSafetensors, type SafetensorsFile } from '../safetensors/safetensors-file.js';
import { isJsonObject } from '../strict-json.js';
import { readOptionalJsonFile } from './read-json-file.js';

const INDEX = 'model.safetensors.index.json';
const LARGEST_INDEX = 100_000_000;
const MOST_SHARDS = 1000;

export interface Weights {
  readonly tensors: ReadonlyMap<string, ModelTensor>;
  readonly close: () => Promise<void>;
}

/** Shard of every tensor by the index; undefined where there is none. */
async function readIndex(folder: string): Promise<Map<string, string> | undefined> {
  const path = join(folder, INDEX);
  const index = await readOptionalJsonFile(path, LARGEST_INDEX);
  if (index === undefined) return undefined;
  const map = index['weight_map'];
  if (!isJsonObject(map)) throw invalid('weights_index', `${path}: weight_map must be an object`);
  const shards = Object.entries(map).map(([name, file]): [string, string] => {
    // A name with a folder in it could lead out of the model's own folder.
    if (typeof file !== 'string' || !/^[\w.-]+\.safetensors$/.test(file)) {
      throw invalid(
        'weights_index',
        `${path}: ${JSON.stringify(name)} must name a .safetensors file beside it`,
      );
    }
    return [name, file];
  });
  return new Map(shards);
}

async function weightFiles(
  folder: string,
  index: ReadonlyMap<string, string> | undefined,
): Promise<string[]> {
  if (index !== undefined) return [...new Set(index.values())];
  const files = await readdir(folder).catch((cause: unknown) => {
    throw openError(folder, cause);
  });
  const found = files.filter((file) => file.endsWith('.safetensors'));
  if (found.includes('model.safetensors')) return ['model.safetensors'];
  const [single] = found;
  if (single !== undefined && found.length === 1) return [single];
  const hint = files.some((file) => file.endsWith('.bin'))
    ? '; .bin files must be saved as safetensors first'
    : '';
  throw invalid(
    'weights_missing',
    `${folder}: expected model.safetensors or ${INDEX}, found ${found.length} other .safetensors files${hint}`,
  );
}

function collect(
  files: readonly (readonly [string, SafetensorsFile])[],
  index: ReadonlyMap<string, string> | undefined,
  folder: string,
): Map<string, ModelTensor> {
  const tensors = new Map<string, ModelTensor>();
  for (const [file, opened] of files) {
    for (const { name, shape } of opened.tensors.values()) {
      if (index !== undefined && index.get(name) !== file) {
        throw invalid(
          'weights_index',
          `${folder}: ${file} holds ${JSON.stringify(name)}, but ${INDEX} does not say so`,
        );
      }
      tensors.set(name, { name, shape, read: () => opened.readFloat32(name) });
    }
  }
  for (const [name, file] of index ?? []) {
    if (tensors.has(name)) continue;
    throw invalid(
      'weights_index',
      `${folder}: ${INDEX} names ${JSON.stringify(name)}, but ${file} does not hold it`,
    );
  }
  return tensors;
}

/** Opens a folder's weights, in one file or in shards. @throws AppError notFound or invalid. */
export async function openWeights(folder: string): Promise<Weights> {
  const index = await readIndex(folder);
  const names = await weightFiles(folder, index);
  if (names.length > MOST_SHARDS)
    throw invalid('weights_index', `${folder}: more than ${MOST_SHARDS} shards`);
  const files: [string, SafetensorsFile][] = [];
  const close = async (): Promise<void> => {
    for (const [, file] of files) await file.close();
  };
  try {
    for (const name of names) files.push([name, await openSafetensors(join(folder, name))]);
    return { tensors: collect(files, index, folder), close };
  } catch (cause) {
    await close();
    throw cause;
  }
}
