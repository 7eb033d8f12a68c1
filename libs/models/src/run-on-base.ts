import { encodeOnnx, type Graph } from '@prad/graph';
import { storedWeights, type Weights } from '@prad/nn';
import { runGraph, type Tensors } from '@prad/runtime';
import type { HostTensor } from '@prad/tensor';
import type { BaseModel } from './base-model.js';

/** The base's weights in a graph, from its file. */
export function baseWeights(model: BaseModel): (graph: Graph) => Weights {
  return (graph) => storedWeights(graph, model.parameters, model.dataOf);
}

/** Runs once what a graph computes of a base's weights and `feeds`; the weight file is mapped, not copied. */
export async function runOnBase(
  model: BaseModel,
  graph: Graph,
  feeds: Tensors = {},
): Promise<ReadonlyMap<string, HostTensor>> {
  const made = await runGraph(encodeOnnx(graph), feeds, { externalDataFolder: model.folder, prepack: false });
  return new Map(Object.entries(made));
}
