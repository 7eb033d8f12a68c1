import { dimProduct, Graph, gradients, reshape, type GraphShape, type Value } from '@prad/graph';
import type { BaseModel } from '@prad/models';
import {
  adamW,
  adamWDefaults,
  answerCrossEntropy,
  clipByGlobalNorm,
  fullPass,
  type AnswerCrossEntropy,
  type ParameterSpec,
  type StepDropout,
} from '@prad/nn';
import { packedTensors, type TrainedTensors } from './trained-tensors.js';

/** Names of what goes into and comes out of the step graphs, for a trained tensor. */
export const slot = {
  gradient: (name: string): string => `grad.${name}`,
  mean: (name: string): string => `mean.${name}`,
  variance: (name: string): string => `variance.${name}`,
  /** The tensor, or its moments, after the step. */
  next: (name: string): string => `next.${name}`,
};

interface LossGraphOptions {
  /** Shape of the dropout seeds; without it nothing is dropped. */
  readonly seeds?: GraphShape | undefined;
  readonly labelSmoothing?: number | undefined;
}

interface LossGraph {
  readonly graph: Graph;
  readonly answer: AnswerCrossEntropy;
  readonly trained: (name: string) => Value;
}

/** Inputs of a graph that drops; a pack has a seed for each member, [J, 1, 1]. */
export const dropoutInput = {
  /** Makes every step drop something else: int64 scalar. */
  seed: 'dropout_seed',
  /** int64 [B, T]: numbers of the positions, see `dropout` of nn. */
  rows: 'dropout_rows',
};

type GraphTensors = Omit<TrainedTensors, 'maskOf' | 'adapter'>;

/** The masked teacher-forced pass over [B, T] tokens and the loss of its N answer tokens; sizes are free. */
function lossGraph(
  model: BaseModel,
  tensors: GraphTensors,
  { seeds, labelSmoothing }: LossGraphOptions,
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
        adapt(declared(graph), { mask, dropout: seeds && dropoutIn(graph, mask, seeds) }),
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

function dropoutIn(graph: Graph, mask: Value, seeds: GraphShape): StepDropout {
  const rows = graph.input(dropoutInput.rows, 'int64', mask.shape.slice(0, 2));
  return {
    seed: graph.input(dropoutInput.seed, 'int64', seeds),
    rows: reshape(graph.root.at('dropout'), rows, [dimProduct(rows.shape), 1]),
  };
}

/** Outputs `loss` (mean over the answer tokens, in nats) and the gradient of every trained tensor. */
export function gradientGraph(model: BaseModel, tensors: TrainedTensors, labelSmoothing?: number): Graph {
  const seeds = tensors.drops ? [] : undefined;
  const { graph, answer, trained } = lossGraph(model, tensors, { seeds, labelSmoothing });
  graph.output('loss', answer.loss);
  outputGradients(answer.loss, tensors, trained);
  return graph;
}

/**
 * The pass of several adapters (`packedTensors`): outputs `losses` [N], the weighted loss of each answer token in nats, and the
 * gradient of their sum by every trained tensor.
 */
export function packedGradientGraph(
  model: BaseModel,
  trained: TrainedTensors,
  labelSmoothing?: number,
): Graph {
  const tensors = packedTensors(model, trained);
  const seeds = tensors.drops ? ['J', 1, 1] : undefined;
  const { graph, answer, trained: tensor } = lossGraph(model, tensors, { seeds, labelSmoothing });
  graph.output('losses', answer.losses);
  outputGradients(answer.total, tensors, tensor);
  return graph;
}

function outputGradients(loss: Value, { specs }: GraphTensors, trained: (name: string) => Value): void {
  const values = specs.map(({ name }) => trained(name));
  gradients(loss, values).forEach((gradient, index) => {
    loss.graph.output(slot.gradient(values[index]?.name ?? ''), gradient);
  });
}

/** Output `total`: the summed loss over the answer tokens, in nats. */
export function evaluationGraph(model: BaseModel, tensors: TrainedTensors): Graph {
  const { graph, answer } = lossGraph(model, tensors, {});
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
