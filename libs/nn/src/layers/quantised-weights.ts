import type { ExternalData, Graph } from '@prad/graph';
import type { ParameterSpec } from '../random/initialise.js';
import { blockWeights, type BlockCopy } from './block-weights.js';
import { channelWeights, type ChannelCopy } from './channel-weights.js';
import type { Weights } from './weights.js';

/** A copy of a model's weights in whole numbers, and what is read of it. */
export type QuantisedCopy = BlockCopy | ChannelCopy;

/** Where the numbers of a copy lie. */
export type QuantisedWeights = Omit<BlockCopy, 'embeddings'> | Omit<ChannelCopy, 'embeddings'>;

/** Weights whose matrix products are those of the copy; norms and biases, and embeddings unless they are asked of it, are float32. */
export function quantisedWeights(
  graph: Graph,
  specs: readonly ParameterSpec[],
  data: (name: string) => ExternalData,
  copy: QuantisedCopy,
): Weights {
  return copy.scheme === 'channels'
    ? channelWeights(graph, specs, data, copy)
    : blockWeights(graph, specs, data, copy);
}
