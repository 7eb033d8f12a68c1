import type { SafetensorsSource } from '@prad/formats';
import type { BlockPlan, BlockWeightPlan } from './block-plan.js';
import { parts, type RoundWeight } from './copy-parts.js';
import { BLOCK_SIZE, quantiseBlocks } from './quantise-blocks.js';

/**
 * The parts of all weights in file order: what may be one product lies side by side, floats at multiples of 4 bytes. One weight is
 * in memory at a time, besides the scales of its group and all zero points, which come last and take a 64th byte for each
 * number of 4 bits.
 */
export function blockSources(plan: BlockPlan, round: RoundWeight): SafetensorsSource[] {
  const scales = new Map<string, Float32Array>();
  const zeroPoints = new Map<string, Uint8Array>();
  const take = <T extends ArrayBufferView>(from: Map<string, T>, name: string): Promise<ArrayBufferView> => {
    const part = from.get(name);
    from.delete(name);
    return Promise.resolve(part ?? new Uint8Array());
  };
  const wholeNumbers = (weight: BlockWeightPlan): SafetensorsSource => ({
    name: `${weight.name}${parts.quantised}`,
    dtype: 'U8',
    shape: [weight.outFeatures, blocksOf(weight), (BLOCK_SIZE * weight.bits) / 8],
    read: async () => {
      const rounded = await round(weight, (values, size) => quantiseBlocks(values, size, weight.bits));
      scales.set(weight.name, rounded.scales);
      if (rounded.zeroPoints) zeroPoints.set(weight.name, rounded.zeroPoints);
      return rounded.quantised;
    },
  });
  const scalesOf = (weight: BlockWeightPlan): SafetensorsSource => ({
    name: `${weight.name}${parts.scales}`,
    dtype: 'F32',
    shape: [weight.outFeatures, blocksOf(weight)],
    read: () => take(scales, weight.name),
  });
  const zeroPointsOf = (weight: BlockWeightPlan): SafetensorsSource => ({
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

function blocksOf({ inFeatures }: BlockWeightPlan): number {
  return Math.ceil(inFeatures / BLOCK_SIZE);
}
