import { join } from 'node:path';
import { AppError } from '@prad/errors';
import { openSafetensors, type SafetensorsEntry } from '@prad/formats';
import type { ExternalData } from '@prad/graph';
import type { QuantisedData } from '@prad/nn';
import { readManifest, type BaseModel } from './base-model.js';
import { BLOCK_SIZE, type QuantisedBits } from './quantise.js';
import { parts } from './quantised-copy.js';

/**
 * The weights of a base model's copy in so many bits, by name.
 * @throws AppError conflict `no_quantised_copy` when the import made none; notFound or invalid.
 */
export async function openQuantised(
  { folder, name: model }: BaseModel,
  bits: QuantisedBits,
): Promise<ReadonlyMap<string, QuantisedData>> {
  const file = (await readManifest(folder)).quantised.find((copy) => copy.bits === bits)?.file;
  if (file === undefined) throw noCopy(model, bits);
  const opened = await openSafetensors(join(folder, file));
  await opened.close();
  const weights = new Map<string, QuantisedData>();
  for (const [key, entry] of opened.tensors) {
    if (!key.endsWith(parts.quantised)) continue;
    const name = key.slice(0, -parts.quantised.length);
    const [outFeatures = 0, , bytes = 0] = entry.shape;
    const scales = opened.tensors.get(name + parts.scales);
    const zeroPoints = opened.tensors.get(name + parts.zeroPoints);
    if (!scales) throw noScales(folder, file, name);
    weights.set(name, {
      bits: bytes === BLOCK_SIZE ? 8 : 4,
      blockSize: BLOCK_SIZE,
      outFeatures,
      quantised: placeOf(file, entry),
      scales: placeOf(file, scales),
      zeroPoints: zeroPoints && placeOf(file, zeroPoints),
    });
  }
  return weights;
}

function placeOf(
  location: string,
  { byteOffset: offset, byteLength: length }: SafetensorsEntry,
): ExternalData {
  return { location, offset, length };
}

function noCopy(model: string, bits: QuantisedBits): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'no_quantised_copy',
    message:
      `base model ${model} has no ${bits}-bit copy of its weights, which decoding is set to: import it again under ` +
      `another name with \`prad models import SOURCE --name NAME --quantize ${bits}\`, which serves both names, or ` +
      'decode with float32 weights',
  });
}

function noScales(folder: string, file: string, name: string): AppError {
  const message = `${join(folder, file)}: the weight ${name} has no scales`;
  return new AppError({ kind: 'invalid', code: 'invalid_quantised_copy', message });
}
