import { gather, Graph, reduceMax, reshape, scalar, sequenceConstruct } from '@prad/graph';
import type { BaseModel } from '@prad/models';
import {
  adapterBank,
  keyValueCache,
  noAdapter,
  quantisedWeights,
  storedWeights,
  type BankLayout,
  type QuantisedCopy,
} from '@prad/nn';
import { blockOf } from './arg-max.js';

/** Graph inputs and outputs besides the cache, the bank and the weights. */
export const io = {
  inputIds: 'input_ids',
  positionIds: 'position_ids',
  seqlens: 'seqlens',
  total: 'total',
  mask: 'mask',
  last: 'last',
  logits: 'logits',
  maxima: 'maxima',
  read: 'read',
  hidden: 'hidden',
} as const;

/**
 * T tokens for each of B rows through the base model alone: every decode step, and prompts without an adapter. Its
 * inputs are tokens, lengths and the cache, which has room for M <= `capacity` tokens; there is no way in for an adapter.
 * `last` [N] names last positions of rows by their place b * T + t; their logits [N, V] come out,
 * and the largest of each of their blocks, `maxima` [N, blocks] (`blockOf`). With
 * `quantised` its matrix products are in few bits.
 */
export function baseGraph(model: BaseModel, capacity: number, quantised?: QuantisedCopy): Graph {
  return cachedGraph(model, capacity, { quantised });
}

/** As `baseGraph`, every row with its own adapter out of a bank: prompts, and the decode step of conventional ones. */
export function adaptedGraph(
  model: BaseModel,
  capacity: number,
  layout: BankLayout,
  quantised?: QuantisedCopy,
): Graph {
  return cachedGraph(model, capacity, { layout, quantised });
}

/**
 * As `adaptedGraph`, with a second output: the hidden states after the final norm `hidden` [P, E] of the places `read` [P],
 * which are numbered as those of `last` are.
 */
export function readingGraph(model: BaseModel, capacity: number, layout: BankLayout): Graph {
  return cachedGraph(model, capacity, { layout, reading: true });
}

interface CachedGraphOptions {
  readonly layout?: BankLayout;
  readonly quantised?: QuantisedCopy | undefined;
  readonly reading?: boolean;
}

function cachedGraph(
  model: BaseModel,
  capacity: number,
  { layout, quantised, reading = false }: CachedGraphOptions,
): Graph {
  const graph = new Graph();
  const { root } = graph;
  // The first output of a graph that updates its cache in place: see `Session.runInPlace`.
  graph.output('done', sequenceConstruct(root, [scalar(root, 0)]));
  const inputIds = graph.input(io.inputIds, 'int64', ['B', 'T']);
  const positionIds = graph.input(io.positionIds, 'int64', ['B', 'T']);
  const last = graph.input(io.last, 'int64', ['N']);
  const attention = keyValueCache(graph, model.dimensions, {
    ...{ positionIds, batch: 'B', capacity: 'M', positions: capacity },
  });
  const adapt = layout
    ? adapterBank(graph, {
        ...{ layout, batch: 'B', hiddenSize: model.dimensions.hiddenSize },
        mask: graph.input(io.mask, 'float32', ['B', 'T', 1]),
      })
    : noAdapter;
  const { parameters, dataOf } = model;
  const weights = quantised
    ? quantisedWeights(graph, parameters, dataOf, quantised)
    : storedWeights(graph, parameters, dataOf);
  const hidden = model.forward(root, { weights, inputIds, positionIds, attention, adapt }); // [B*T, E]
  if (reading) graph.output(io.hidden, gather(root, hidden, graph.input(io.read, 'int64', ['P']), 0));
  const logits = model.head(root, { weights }, gather(root, hidden, last, 0));
  graph.output(io.logits, logits);
  const { vocabSize } = model.dimensions;
  const block = blockOf(vocabSize);
  if (block !== undefined && !reading) {
    const blocks = reshape(root, logits, ['N', vocabSize / block, block]);
    graph.output(io.maxima, reduceMax(root, blocks, { axes: [2], keepdims: false }));
  }
  return graph;
}
