import { join } from 'node:path';
import { AppError } from '@prad/errors';
import {
  openSafetensors,
  writeSafetensors,
  type SafetensorsFile,
  type SafetensorsSource,
} from '@prad/formats';
import { pathIn, quantisedFile, type QuantisedCopy } from './base-model-folder.js';
import { BLOCK_SIZE, quantise, type QuantisedBits, type QuantisedWeight } from './quantise.js';
import type { PlannedWeight, QuantisedPlan } from './quantised-plan.js';

/** What the parts' names have behind that of the weight. */
export const parts = { quantised: '.quantised', scales: '.scales', zeroPoints: '.zero_points' } as const;

/**
 * Writes a quantised copy of a folder's weights beside them, whole or not at all. The same weights and metadata give the
 * same bytes. One weight is in memory at a time, besides the scales of its group and all zero points, which come last
 * and take a 64th byte for each number of 4 bits. `onWeight` is told of each weight.
 * @throws AppError invalid `weight_not_finite`; exhausted on a full disk.
 */
export async function writeQuantisedCopy(
  folder: string,
  { bits, plan }: { readonly bits: QuantisedBits; readonly plan: QuantisedPlan },
  metadata: Readonly<Record<string, string>>,
  onWeight: () => void,
): Promise<QuantisedCopy> {
  const weights = await openSafetensors(pathIn(folder, 'weights'));
  try {
    const file = quantisedFile(bits);
    const sources = sourcesOf(plan, async (weight) => {
      const result = await roundedWeight(weight, weights);
      onWeight();
      return result;
    });
    const options = { align: 4096, order: 'declared' } as const;
    const { sha256 } = await writeSafetensors(join(folder, file), sources, metadata, options);
    return { bits, file, digest: sha256 };
  } finally {
    await weights.close();
  }
}

/** The parts of all weights in file order: what may be one product lies side by side, floats at multiples of 4 bytes. */
function sourcesOf(
  plan: QuantisedPlan,
  round: (weight: PlannedWeight) => Promise<QuantisedWeight>,
): SafetensorsSource[] {
  const scales = new Map<string, Float32Array>();
  const zeroPoints = new Map<string, Uint8Array>();
  const take = <T extends ArrayBufferView>(from: Map<string, T>, name: string): Promise<ArrayBufferView> => {
    const part = from.get(name);
    from.delete(name);
    return Promise.resolve(part ?? new Uint8Array());
  };
  const wholeNumbers = (weight: PlannedWeight): SafetensorsSource => ({
    name: `${weight.name}${parts.quantised}`,
    dtype: 'U8',
    shape: [weight.outFeatures, blocksOf(weight), (BLOCK_SIZE * weight.bits) / 8],
    read: async () => {
      const rounded = await round(weight);
      scales.set(weight.name, rounded.scales);
      if (rounded.zeroPoints) zeroPoints.set(weight.name, rounded.zeroPoints);
      return rounded.quantised;
    },
  });
  const scalesOf = (weight: PlannedWeight): SafetensorsSource => ({
    name: `${weight.name}${parts.scales}`,
    dtype: 'F32',
    shape: [weight.outFeatures, blocksOf(weight)],
    read: () => take(scales, weight.name),
  });
  const zeroPointsOf = (weight: PlannedWeight): SafetensorsSource => ({
    name: `${weight.name}${parts.zeroPoints}`,
    dtype: 'U8',
    shape: [weight.outFeatures, Math.ceil(blocksOf(weight) / 2)],
    read: () => take(zeroPoints, weight.name),
  });
  return [
    ...plan.flatMap((group) => [...group.map(wholeNumbers), ...group.map(scalesOf)]),
    ...plan
      .flat()
      .filter(({ bits }) => bits === 4)
      .map(zeroPointsOf),
  ];
}

function blocksOf({ inFeatures }: PlannedWeight): number {
  return Math.ceil(inFeatures / BLOCK_SIZE);
}

async function roundedWeight(weight: PlannedWeight, weights: SafetensorsFile): Promise<QuantisedWeight> {
  const { name, outFeatures: rows, inFeatures: columns, transposed, bits } = weight;
  const stored = await weights.readFloat32(name);
  try {
    return quantise(transposed ? transpose(stored, columns, rows) : stored, { rows, columns }, bits);
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    const { kind, code, message } = cause;
    throw new AppError({ kind, code, message: `tensor ${name}: ${message}`, cause });
  }
}

/** [rows, columns] to [columns, rows]. */
function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = values[row * columns + column] ?? 0;
    }
  }
  return result;
}
