import { encodeOnnx, type Graph } from '@prad/graph';
import { productsOf, storedTensors, type Weights } from '@prad/nn';
import { runGraph, type Tensors } from '@prad/runtime';
import type { HostTensor } from '@prad/tensor';
import type { BaseModel } from './base-model.js';

/**
 * The base's weights in a graph, from its file, each projection a product of its own: a training step has rows enough
 * to fill each, and need not split what it joined (5 % of a step).
 */
export function baseWeights(model: BaseModel): (graph: Graph) => Weights {
  return (graph) => productsOf(storedTensors(graph, model.parameters, model.dataOf));
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
