import { concat, Graph } from '@prad/graph';
import type { Scope } from '@prad/graph';
import { tensor } from '@prad/tensor';
import type { LanguageModel } from '../architectures/architecture.js';
import { noAdapter, type Site, type SiteFlow } from '../architectures/site.js';
import { fedTensors, type Weights } from '../layers/weights.js';
import type { SitePart } from './adapter-method.js';
import type { ModelAdapter } from './registry.js';
import { servedTensorName, partTensorName, servedName } from './tensor-names.js';

type WeightsIn = (graph: Graph) => Weights;

/**
 * From an adapter's trained tensors, fed under their names, to what is served of it (see `SitePart.serve`): once for
 * each adapter that is loaded. Reads base weights only where the method needs them.
 */
export function servedGraph(model: LanguageModel, adapter: ModelAdapter, weights: WeightsIn): Graph {
  const graph = new Graph();
  const trained = fedTensors(graph, adapter.parameters);
  // All of them, so that a run can feed all.
  adapter.parameters.forEach(({ name }) => trained(name));
  visit(model, adapter, weights(graph), graph, (at, part, site, flow) => {
    const served = part.serve(at, flow, (name) => trained(partTensorName(site, part.name, name)));
    for (const [name, value] of Object.entries(served)) {
      graph.output(servedTensorName(site, part.family, name), value);
    }
  });
  const place = graph.root.at('served');
  if (adapter.prefix) {
    graph.output(
      servedName.prefix,
      adapter.prefix.serve(place, (name) => trained(`prefix.${name}`)),
    );
  }
  if (adapter.virtualTokens) {
    const rows = adapter.virtualTokens.parameters.map(({ name }) => trained(name));
    graph.output(servedName.virtualTokens, concat(place, rows, 0));
  }
  return graph;
}

/**
 * The start values that come from base weights, under the trained tensors' names; undefined where the adapter has
 * none.
 */
export function startGraph(
  model: LanguageModel,
  adapter: ModelAdapter,
  weights: WeightsIn,
): Graph | undefined {
  const graph = new Graph();
  visit(model, adapter, weights(graph), graph, (at, part, site, flow) => {
    for (const [name, value] of Object.entries(part.start?.(at, flow) ?? {})) {
      graph.output(partTensorName(site, part.name, name), value);
    }
  });
  return graph.outputs.length > 0 ? graph : undefined;
}

type Visitor = (at: Scope, part: SitePart, site: Site, flow: SiteFlow) => void;

/** Walks the forward pass for its sites' weights; what flows there stays out of the graph unless it is used. */
function visit(
  model: LanguageModel,
  adapter: ModelAdapter,
  weights: Weights,
  graph: Graph,
  visitor: Visitor,
): void {
  const zero = graph.constant(tensor('int64', [1, 1], BigInt64Array.of(0n)));
  model.forward(graph.root, {
    weights,
    inputIds: zero,
    positionIds: zero,
    attention: (_at, _layer, { query }) => query,
    adapt: {
      ...noAdapter,
      output: (at, site, flow) => {
        for (const part of adapter.parts) {
          if (part.sites.some(({ module }) => module === site.module))
            visitor(at.at(part.name), part, site, flow);
        }
        return flow.output;
      },
    },
  });
}
