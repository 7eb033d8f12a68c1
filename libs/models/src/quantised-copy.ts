import { join } from 'node:path';
import { AppError } from '@prad/errors';
import {
  openSafetensors,
  writeSafetensors,
  type SafetensorsFile,
  type SafetensorsSource,
} from '@prad/formats';
import type { LanguageModel } from '@prad/nn';
import { pathIn, quantisedFile, type QuantisedCopy } from './base-model-folder.js';
import { blockSources } from './block-copy.js';
import { blockPlan } from './block-plan.js';
import { channelSources } from './channel-copy.js';
import type { RoundWeight } from './copy-parts.js';
import { productWeights, type ProductWeight } from './product-weights.js';
import type { Quantisation } from './quantisation.js';
import { transpose } from './transpose.js';

/** A copy to write. */
export interface PlannedCopy {
  readonly kind: Quantisation;
  /** How many weights it holds. */
  readonly weights: number;
  readonly sources: (round: RoundWeight) => readonly SafetensorsSource[];
}

/** Every weight of a matrix product, rounded as `kind` says. */
export function plannedCopy(model: LanguageModel, kind: Quantisation): PlannedCopy {
  if (kind === 'w8a8') {
    const groups = productWeights(model);
    return { kind, weights: groups.flat().length, sources: (round) => channelSources(groups, round) };
  }
  const plan = blockPlan(model, kind === 'q4' ? 4 : 8);
  return { kind, weights: plan.flat().length, sources: (round) => blockSources(plan, round) };
}

/**
 * Writes a quantised copy of a folder's weights beside them, whole or not at all. The same weights and metadata give the
 * same bytes. `onWeight` is told of each weight.
 * @throws AppError invalid `weight_not_finite`; exhausted on a full disk.
 */
export async function writeQuantisedCopy(
  folder: string,
  { kind, sources }: PlannedCopy,
  metadata: Readonly<Record<string, string>>,
  onWeight: () => void,
): Promise<QuantisedCopy> {
  const weights = await openSafetensors(pathIn(folder, 'weights'));
  try {
    const file = quantisedFile(kind);
    const round: RoundWeight = async (weight, rounded) => {
      const result = await roundedWeight(weight, weights, rounded);
      onWeight();
      return result;
    };
    const options = { align: 4096, order: 'declared' } as const;
    const { sha256 } = await writeSafetensors(join(folder, file), sources(round), metadata, options);
    return { kind, file, digest: sha256 };
  } finally {
    await weights.close();
  }
}

async function roundedWeight<T>(
  { name, outFeatures: rows, inFeatures: columns, transposed }: ProductWeight,
  weights: SafetensorsFile,
  round: (values: Float32Array, size: { readonly rows: number; readonly columns: number }) => T,
): Promise<T> {
  const stored = await weights.readFloat32(name);
  try {
    return round(transposed ? transpose(stored, columns, rows) : stored, { rows, columns });
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    const { kind, code, message } = cause;
    throw new AppError({ kind, code, message: `tensor ${name}: ${message}`, cause });
  }
}
