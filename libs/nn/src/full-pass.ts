import { Graph, reshape } from '@prad/graph';
import type { Dim, Scope, Value } from '@prad/graph';
import type { LanguageModel } from './architectures/architecture.js';
import { noAdapter, type Adaptation } from './architectures/site.js';
import { causalAttention } from './attention/causal-attention.js';
import type { Weights } from './layers/weights.js';

export interface FullPassOptions {
  /** Numbers, or names of sizes known only when the graph runs. */
  readonly batch: Dim;
  readonly tokens: Dim;
  /** Base weights, for example `(graph) => storedWeights(graph, ...)`. */
  readonly weights: (graph: Graph) => Weights;
  /** Given the graph and the input `mask` [B, T, 1]; without it there is no such input. Position ids count from the length of its prefix. */
  readonly adapt?: (graph: Graph, mask: Value) => Adaptation;
  /** Whether `attention_mask` [B, T] is an input: needed only for padding on the left. */
  readonly attentionMask?: boolean;
}

export interface FullPass {
  readonly graph: Graph;
  /** Logits [N, V] of hidden states [N, E]. */
  readonly head: (at: Scope, hidden: Value) => Value;
  /** [B*T, E], row after row. */
  readonly hidden: Value;
}

/**
 * A pass over whole rows: inputs `input_ids` and `position_ids` [B, T] int64 (and `attention_mask`, `mask`), and the
 * hidden states. Differentiable; what comes after (logits, a loss) is the caller's.
 */
export function fullPass(model: LanguageModel, options: FullPassOptions): FullPass {
  const { batch, tokens } = options;
  const graph = new Graph();
  const inputIds = graph.input('input_ids', 'int64', [batch, tokens]);
  const positionIds = graph.input('position_ids', 'int64', [batch, tokens]);
  const attentionMask =
    options.attentionMask === true ? graph.input('attention_mask', 'int64', [batch, tokens]) : undefined;
  const adapt = options.adapt?.(graph, graph.input('mask', 'float32', [batch, tokens, 1])) ?? noAdapter;
  const weights = options.weights(graph);
  const attention = causalAttention(graph.root.at('attention'), {
    dimensions: model.dimensions,
    positionIds,
    attentionMask,
    prefix: adapt.prefix,
  });
  const hidden = model.forward(graph.root, { weights, inputIds, positionIds, attention, adapt });
  const head = (at: Scope, states: Value): Value =>
    adapt.logits(at, states, model.head(at, { weights }, states));
  return { graph, head, hidden };
}

/** The graph of a full pass with the output `logits` [B, T, V]. */
export function logitsGraph(model: LanguageModel, options: FullPassOptions): Graph {
  const { graph, head, hidden } = fullPass(model, options);
  const logits = head(graph.root, hidden); // [B*T, V]
  graph.output('logits', reshape(graph.root, logits, [options.batch, options.tokens, logits.shape[1] ?? 1]));
  return graph;
}
