import type { Graph, Value } from '@prad/graph';
import { baseWeights, type BaseModel } from '@prad/models';
import { AppError } from '@prad/errors';
import {
  adapterFor,
  fedTensors,
  maskPolicy,
  packedAdapters,
  packedShape,
  productsOf,
  promptMask,
  trainableAdapter,
  type Adaptation,
  type MaskPolicy,
  type ModelAdapter,
  type ParameterSpec,
  type StepDropout,
  type Weights,
} from '@prad/nn';
import type { Trainable } from './plan.js';

/** What a plan trains, fitted to a model: its tensors, and how they enter the forward pass. */
export interface TrainedTensors {
  readonly specs: readonly ParameterSpec[];
  /** The trained tensor of that name; a graph input. */
  readonly declare: (graph: Graph) => (name: string) => Value;
  /** Base weights: stored ones, or the trained tensors themselves in full training. */
  readonly weights: (graph: Graph, trained: (name: string) => Value) => Weights;
  readonly adapt: ((trained: (name: string) => Value, inputs: AdaptInputs) => Adaptation) | undefined;
  /** Which positions the adapter changes. */
  readonly maskOf: MaskPolicy;
  readonly adapter: ModelAdapter | undefined;
  /** Whether a training step drops something. */
  readonly drops: boolean;
}

interface AdaptInputs {
  /** [B, T, 1]. */
  readonly mask: Value;
  /** Only in a graph that drops. */
  readonly dropout?: StepDropout | undefined;
}

/** @throws AppError invalid for an unknown method or scope, or options that do not fit the model. */
export function trainedTensors(model: BaseModel, trainable: Trainable): TrainedTensors {
  return trainable.kind === 'full' ? allWeights(model) : oneAdapter(model, trainable);
}

function allWeights(model: BaseModel): TrainedTensors {
  return {
    specs: model.parameters,
    declare: (graph) => fedTensors(graph, model.parameters),
    weights: (_graph, trained) => productsOf(trained),
    adapt: undefined,
    // There is no adapter to mask.
    maskOf: promptMask,
    adapter: undefined,
    drops: false,
  };
}

function oneAdapter(
  model: BaseModel,
  { method, options, scope }: Extract<Trainable, { kind: 'adapter' }>,
): TrainedTensors {
  const adapter = adapterFor(model, method, options);
  return {
    specs: adapter.parameters,
    declare: (graph) => fedTensors(graph, adapter.parameters),
    weights: baseWeights(model),
    adapt: (tensor, inputs) => trainableAdapter({ adapter, dimensions: model.dimensions, tensor, ...inputs }),
    maskOf: maskPolicy(scope),
    adapter,
    drops: adapter.parts.some(({ dropout }) => dropout !== undefined) || (adapter.prefix?.dropout ?? 0) > 0,
  };
}

/** The tensors of any number of adapters of equal options, J in front of each, that train in one pass. */
export function packedTensors(
  model: BaseModel,
  { specs, adapter, drops }: TrainedTensors,
): Omit<TrainedTensors, 'maskOf' | 'adapter'> {
  if (!adapter) throw notPackable();
  return {
    ...{ specs, drops },
    declare: (graph) => {
      const inputs = new Map(
        specs.map((spec) => [spec.name, graph.input(spec.name, 'float32', packedShape(spec))]),
      );
      return (name) => inputs.get(name) ?? unknownTensor(name);
    },
    weights: baseWeights(model),
    adapt: (tensor, inputs) => packedAdapters({ adapter, dimensions: model.dimensions, tensor, ...inputs }),
  };
}

function notPackable(): AppError {
  return new AppError({
    kind: 'bug',
    code: 'not_packable',
    message: 'all weights do not train in a pack',
  });
}

function unknownTensor(name: string): never {
  throw new AppError({ kind: 'bug', code: 'unknown_tensor', message: `no trained tensor ${name}` });
}
