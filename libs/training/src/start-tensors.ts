import { baseWeights, runOnBase, type BaseModel } from '@prad/models';
import { initialise, startGraph } from '@prad/nn';
import type { HostTensor } from '@prad/tensor';
import type { TrainedTensors } from './trained-tensors.js';

/** Fresh tensors: from the seed, and from the base's weights where the method says so (DoRA's magnitudes). */
export async function startTensors(
  model: BaseModel,
  { specs, adapter }: TrainedTensors,
  seed: number,
): Promise<ReadonlyMap<string, HostTensor>> {
  const random = initialise(specs, seed);
  const graph = adapter && startGraph(model, adapter, baseWeights(model));
  return graph ? new Map([...random, ...(await runOnBase(model, graph))]) : random;
}
