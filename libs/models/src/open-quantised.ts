import { join } from 'node:path';
import { AppError } from '@prad/errors';
import { openSafetensors, type SafetensorsEntry, type SafetensorsFile } from '@prad/formats';
import type { ExternalData } from '@prad/graph';
import type { BlockData, ChannelData, QuantisedWeights } from '@prad/nn';
import { readManifest, type BaseModel } from './base-model.js';
import { parts } from './copy-parts.js';
import type { Quantisation } from './quantisation.js';
import { BLOCK_SIZE } from './quantise-blocks.js';

/**
 * Where the weights of a base model's copy lie.
 * @throws AppError conflict `no_quantised_copy` when the import made none; notFound or invalid.
 */
export async function openQuantised(model: BaseModel, kind: Quantisation): Promise<QuantisedWeights> {
  const file = (await readManifest(model.folder)).quantised.find((copy) => copy.kind === kind)?.file;
  if (file === undefined) throw noCopy(model.name, kind);
  const opened = await openSafetensors(join(model.folder, file));
  await opened.close();
  const entries = entriesOf(opened, join(model.folder, file));
  return kind === 'w8a8'
    ? {
        scheme: 'channels',
        products: new Map(entries.map((entry) => [entry.name, channelData(file, entry)])),
      }
    : { scheme: 'blocks', weights: new Map(entries.map((entry) => [entry.name, blockData(file, entry)])) };
}

/** The parts of one weight, or of one product. */
interface CopyEntry {
  readonly name: string;
  readonly quantised: SafetensorsEntry;
  readonly scales: SafetensorsEntry;
  readonly zeroPoints: SafetensorsEntry | undefined;
  readonly rows: SafetensorsEntry | undefined;
}

function entriesOf({ tensors }: SafetensorsFile, path: string): CopyEntry[] {
  return [...tensors].flatMap(([key, quantised]) => {
    if (!key.endsWith(parts.quantised)) return [];
    const name = key.slice(0, -parts.quantised.length);
    const part = (of: keyof typeof parts): SafetensorsEntry | undefined => tensors.get(name + parts[of]);
    const scales = part('scales');
    if (!scales) throw noScales(path, name);
    return { name, quantised, scales, zeroPoints: part('zeroPoints'), rows: part('rows') };
  });
}

function blockData(file: string, { quantised, scales, zeroPoints }: CopyEntry): BlockData {
  const [outFeatures = 0, , bytes = 0] = quantised.shape;
  return {
    bits: bytes === BLOCK_SIZE ? 8 : 4,
    blockSize: BLOCK_SIZE,
    outFeatures,
    quantised: placeOf(file, quantised),
    scales: placeOf(file, scales),
    zeroPoints: zeroPoints && placeOf(file, zeroPoints),
  };
}

function channelData(file: string, { quantised, scales, rows }: CopyEntry): ChannelData {
  const [inFeatures = 0, outFeatures = 0] = quantised.shape;
  return {
    ...{ inFeatures, outFeatures },
    quantised: placeOf(file, quantised),
    scales: placeOf(file, scales),
    rows: rows && placeOf(file, rows),
  };
}

function placeOf(
  location: string,
  { byteOffset: offset, byteLength: length }: SafetensorsEntry,
): ExternalData {
  return { location, offset, length };
}

function noCopy(model: string, kind: Quantisation): AppError {
  return new AppError({
    kind: 'conflict',
    code: 'no_quantised_copy',
    message:
      `base model ${model} has no ${kind} copy of its weights, which decoding is set to: import it again under ` +
      `another name with \`prad models import SOURCE --name NAME --quantize ${kind}\`, which serves both names, or ` +
      'decode with float32 weights',
  });
}

function noScales(path: string, name: string): AppError {
  const message = `${path}: the weight ${name} has no scales`;
  return new AppError({ kind: 'invalid', code: 'invalid_quantised_copy', message });
}
