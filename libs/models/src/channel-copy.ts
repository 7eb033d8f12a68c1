import type { SafetensorsSource } from '@prad/formats';
import { parts, type RoundWeight } from './copy-parts.js';
import type { ProductWeight } from './product-weights.js';
import { quantiseChannels } from './quantise-channels.js';
import { transpose } from './transpose.js';

/**
 * The parts of all products in file order, each with the columns of its weights side by side. An embedding is stored as
 * rows too, for to gather columns reads as many places as a row has numbers. One product is in memory at a time.
 */
export function channelSources(
  groups: readonly (readonly ProductWeight[])[],
  round: RoundWeight,
): SafetensorsSource[] {
  return groups.flatMap((group) => productSources(group, round));
}

function productSources(group: readonly ProductWeight[], round: RoundWeight): SafetensorsSource[] {
  const name = group.map((weight) => weight.name).join('+');
  const inFeatures = group[0]?.inFeatures ?? 0;
  const columns = group.reduce((sum, { outFeatures }) => sum + outFeatures, 0);
  const isEmbedding = group.some((weight) => weight.isEmbedding);
  // Made with the first part, given up with the last that needs them.
  let quantised = new Int8Array();
  let scales = new Float32Array();
  const rounded = async (): Promise<Int8Array> => {
    quantised = new Int8Array(inFeatures * columns);
    scales = new Float32Array(columns);
    let first = 0;
    for (const weight of group) {
      const target = { quantised, scales, first };
      await round(weight, (values, size) => {
        quantiseChannels(values, size, target);
      });
      first += weight.outFeatures;
    }
    return quantised;
  };
  const sources: SafetensorsSource[] = [
    { name: `${name}${parts.quantised}`, dtype: 'I8', shape: [inFeatures, columns], read: rounded },
    {
      ...{ name: `${name}${parts.scales}`, dtype: 'F32', shape: [columns] },
      read: () => {
        if (!isEmbedding) quantised = new Int8Array();
        return Promise.resolve(scales);
      },
    },
  ];
  if (isEmbedding)
    sources.push({
      ...{ name: `${name}${parts.rows}`, dtype: 'I8', shape: [columns, inFeatures] },
      read: () => {
        const rows = transpose(quantised, inFeatures, columns);
        quantised = new Int8Array();
        return Promise.resolve(rows);
      },
    });
  return sources;
}
