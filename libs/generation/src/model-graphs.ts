import { gatherND, Graph, reshape, scalar, sequenceConstruct, type Value } from '@prad/graph';
import type { BaseModel } from '@prad/models';
import { adapterBank, keyValueCache, noAdapter, storedWeights, type BankLayout } from '@prad/nn';

/** Graph inputs and outputs besides the cache, the bank and the weights. */
export const io = {
  inputIds: 'input_ids',
  positionIds: 'position_ids',
  seqlens: 'seqlens',
  total: 'total',
  mask: 'mask',
  last: 'last',
  logits: 'logits',
} as const;

/**
 * One more token for each of B rows: the base model alone. Its inputs are tokens, lengths and the cache; there is no
 * way in for an adapter. Output `logits` [B, V].
 */
export function decodeGraph(model: BaseModel, capacity: number): Graph {
  const { graph, hidden, weight } = cachedPass(model, { tokens: 1, capacity, layout: undefined });
  const flat = reshape(graph.root, hidden, ['B', model.dimensions.hiddenSize]);
  graph.output(io.logits, model.head(graph.root, { weight }, flat));
  return graph;
}

/**
 * T tokens for each of B rows, every row with its own adapter out of a bank: prefill, and the decode step of
 * conventional adapters (T = 1). `last` [B, 1] names each row's last position, whose logits [B, V] come out.
 */
export function adaptedGraph(model: BaseModel, capacity: number, layout: BankLayout): Graph {
  const { graph, hidden, weight } = cachedPass(model, { tokens: 'T', capacity, layout });
  const last = graph.input(io.last, 'int64', ['B', 1]);
  const chosen = gatherND(graph.root, hidden, last, 1); // [B, E]
  graph.output(io.logits, model.head(graph.root, { weight }, chosen));
  return graph;
}

interface CachedPass {
  readonly graph: Graph;
  /** [B, T, E]. */
  readonly hidden: Value;
  readonly weight: (name: string) => Value;
}

function cachedPass(
  model: BaseModel,
  { tokens, capacity, layout }: { tokens: number | 'T'; capacity: number; layout: BankLayout | undefined },
): CachedPass {
  const graph = new Graph();
  // The first output of a graph that updates its cache in place: see `Session.runInPlace`.
  graph.output('done', sequenceConstruct(graph.root, [scalar(graph.root, 0)]));
  const inputIds = graph.input(io.inputIds, 'int64', ['B', tokens]);
  const positionIds = graph.input(io.positionIds, 'int64', ['B', tokens]);
  const attention = keyValueCache(graph, model.dimensions, {
    positionIds,
    batch: 'B',
    capacity,
    positions: capacity,
  });
  const adapt = layout
    ? adapterBank(graph, { layout, batch: 'B', mask: graph.input(io.mask, 'float32', ['B', tokens, 1]) })
    : noAdapter;
  const weight = storedWeights(graph, model.parameters, model.dataOf);
  const hidden = model.forward(graph.root, { weight, inputIds, positionIds, attention, adapt });
  return { graph, hidden, weight };
}
