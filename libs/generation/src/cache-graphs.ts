import { concat, expand, gather, Graph, padTo, scalar, sequenceConstruct } from '@prad/graph';
import type { LanguageModel } from '@prad/nn';

type Dimensions = Pick<LanguageModel['dimensions'], 'kvHeads' | 'headDim'>;

/** Keys or values of nothing: `blank` [B, K, T, D] for `tokens` int64 [B, T], of which only the shape is read. */
export function blankGraph({ kvHeads, headDim }: Dimensions): Graph {
  const graph = new Graph();
  graph.input('tokens', 'int64', ['B', 'T']);
  graph.output('blank', expand(graph.root, scalar(graph.root, 0), ['B', kvHeads, 'T', headDim]));
  return graph;
}

/** `front` [1, K, P, D] and room for the T tokens of `tokens` int64 [1, T] behind it: `blank` [1, K, P + T, D]. */
export function frontGraph({ kvHeads, headDim }: Dimensions): Graph {
  const graph = new Graph();
  const front = graph.input('front', 'float32', [1, kvHeads, 'P', headDim]);
  graph.input('tokens', 'int64', [1, 'T']);
  const room = expand(graph.root, scalar(graph.root, 0), [1, kvHeads, 'T', headDim]);
  graph.output('blank', concat(graph.root, [front, room], 2));
  return graph;
}

/** `copied` [S, K, M, D]: slot s is slot `source`[s] of `cache` [S, K, M, D]. */
export function copyGraph({ kvHeads, headDim }: Dimensions, slots: number, capacity: number): Graph {
  const graph = new Graph();
  const { root } = graph;
  graph.output('done', sequenceConstruct(root, [scalar(root, 0)]));
  const cache = graph.input('cache', 'float32', [slots, kvHeads, capacity, headDim]);
  const source = graph.input('source', 'int64', [slots]);
  graph.output('copied', gather(root, cache, source, 0));
  return graph;
}

/**
 * `merged` [S, K, M, D]: slot s is row `source`[s] of the slots `cache` [S, K, M, D] followed by the rows `staged`
 * [B, K, T, D], which hold T <= M tokens. `pads` int64 [8] has M - T at place 6.
 */
export function mergeGraph({ kvHeads, headDim }: Dimensions, slots: number, capacity: number): Graph {
  const graph = new Graph();
  const { root } = graph;
  graph.output('done', sequenceConstruct(root, [scalar(root, 0)]));
  const cache = graph.input('cache', 'float32', [slots, kvHeads, capacity, headDim]);
  const staged = graph.input('staged', 'float32', ['B', kvHeads, 'T', headDim]);
  const pads = graph.input('pads', 'int64', [8]);
  const source = graph.input('source', 'int64', [slots]);
  const padded = padTo(root, staged, pads, { axis: 2, size: capacity });
  graph.output('merged', gather(root, concat(root, [cache, padded], 0), source, 0));
  return graph;
}
