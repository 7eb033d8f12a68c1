import { Graph, gradients, type Value } from '@prad/graph';
import type { BaseModel } from '@prad/models';
import {
  adamW,
  adamWDefaults,
  answerCrossEntropy,
  clipByGlobalNorm,
  fullPass,
  type AnswerCrossEntropy,
  type ParameterSpec,
} from '@prad/nn';
import type { TrainedTensors } from './trained-tensors.js';

/** Names of what goes into and comes out of the step graphs, for a trained tensor. */
export const slot = {
  gradient: (name: string): string => `grad.${name}`,
  mean: (name: string): string => `mean.${name}`,
  variance: (name: string): string => `variance.${name}`,
  /** The tensor, or its moments, after the step. */
  next: (name: string): string => `next.${name}`,
};

interface LossGraph {
  readonly graph: Graph;
  readonly answer: AnswerCrossEntropy;
  readonly trained: (name: string) => Value;
}

/** Name of the input that makes every step drop something else: int64 scalar. */
export const dropoutSeed = 'dropout_seed';

/** The masked teacher-forced pass over [B, T] tokens and the loss of its N answer tokens; sizes are free. */
function lossGraph(
  model: BaseModel,
  tensors: TrainedTensors,
  { drops, labelSmoothing }: { readonly drops: boolean; readonly labelSmoothing?: number | undefined },
): LossGraph {
  const { adapt } = tensors;
  let trained: ((name: string) => Value) | undefined;
  const declared = (graph: Graph): ((name: string) => Value) => (trained ??= tensors.declare(graph));
  const { graph, head, hidden } = fullPass(model, {
    batch: 'B',
    tokens: 'T',
    weights: (graph) => tensors.weights(graph, declared(graph)),
    ...(adapt && {
      adapt: (graph: Graph, mask: Value) =>
        adapt(declared(graph), {
          mask,
          dropoutSeed: drops ? graph.input(dropoutSeed, 'int64', []) : undefined,
        }),
    }),
  });
  const answer = answerCrossEntropy(graph.root.at('loss'), {
    hidden,
    positions: graph.input('answer_positions', 'int64', ['N']),
    labels: graph.input('answer_labels', 'int64', ['N']),
    weights: graph.input('answer_weights', 'float32', ['N']),
    head,
    labelSmoothing,
  });
  return { graph, answer, trained: declared(graph) };
}

/** Outputs `loss` (mean over the answer tokens, in nats) and the gradient of every trained tensor. */
export function gradientGraph(model: BaseModel, tensors: TrainedTensors, labelSmoothing?: number): Graph {
  const { parts = [], prefix } = tensors.adapter ?? {};
  const drops = parts.some(({ dropout }) => dropout !== undefined) || (prefix?.dropout ?? 0) > 0;
  const { graph, answer, trained } = lossGraph(model, tensors, { drops, labelSmoothing });
  graph.output('loss', answer.loss);
  const values = tensors.specs.map(({ name }) => trained(name));
  gradients(answer.loss, values).forEach((gradient, index) => {
    graph.output(slot.gradient(values[index]?.name ?? ''), gradient);
  });
  return graph;
}

/** Output `total`: the summed loss over the answer tokens, in nats. */
export function evaluationGraph(model: BaseModel, tensors: TrainedTensors): Graph {
  const { graph, answer } = lossGraph(model, tensors, { drops: false });
  graph.output('total', answer.total);
  return graph;
}

export interface OptimiserOptions {
  readonly weightDecay: number;
  readonly maxGradNorm: number;
}

/** Clipping and AdamW: from the tensors, gradients, moments and learning rate to the tensors and moments of the next step. */
export function optimiserGraph(specs: readonly ParameterSpec[], options: OptimiserOptions): Graph {
  const graph = new Graph();
  const at = graph.root.at('optimiser');
  const step = graph.input('step', 'float32', []);
  const learningRate = graph.input('learning_rate', 'float32', []);
  const raw = specs.map(({ name, shape }) => graph.input(slot.gradient(name), 'float32', shape));
  const clipped = clipByGlobalNorm(at.at('clip'), raw, options.maxGradNorm);
  const { update } = adamW(at.at('adamw'), step, learningRate, {
    ...adamWDefaults,
    weightDecay: options.weightDecay,
  });
  specs.forEach(({ name, shape }, index) => {
    const gradient = clipped.gradients[index];
    if (!gradient) return;
    const next = update(at.at(name), {
      parameter: graph.input(name, 'float32', shape),
      gradient,
      mean: graph.input(slot.mean(name), 'float32', shape),
      variance: graph.input(slot.variance(name), 'float32', shape),
    });
    graph.output(slot.next(name), next.parameter);
    graph.output(slot.next(slot.mean(name)), next.mean);
    graph.output(slot.next(slot.variance(name)), next.variance);
  });
  graph.output('gradient_norm', clipped.norm);
  return graph;
}
