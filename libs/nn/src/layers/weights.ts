import { AppError } from '@prad/errors';
import { split } from '@prad/graph';
import type { ExternalData, Graph, Scope, Value } from '@prad/graph';
import type { ParameterSpec } from '../random/initialise.js';
import { embedding } from './embedding.js';
import { joinedRegion } from './joined-region.js';
import { conv1d, linear } from './linear.js';

/** A projection by its module path; its weight is `<module>.weight` and, where it has one, its bias `<module>.bias`. */
export interface Projection {
  readonly module: string;
  readonly bias: boolean;
}

/** The base weights as a forward pass uses them: what is stored how, and in which precision, is decided here. */
export interface Weights {
  /** The tensor of that name. */
  readonly tensor: (name: string) => Value;
  /** The rows of the module's weight [V, E] at ids [B, T], one after another: [B*T, E]. */
  readonly embedding: (at: Scope, module: string, ids: Value) => Value;
  /** x [N, in] through each of the projections, weights [out_i, in]: [N, out_i] each. */
  readonly linear: (at: Scope, x: Value, projections: readonly Projection[]) => readonly Value[];
  /** x [N, in] through a projection whose weight is [in, out], as GPT-2 stores it: [N, out]. */
  readonly conv1d: (at: Scope, x: Value, projection: Projection) => Value;
}

/** Tensors loaded with the graph from a file. */
export function storedTensors(
  graph: Graph,
  specs: readonly ParameterSpec[],
  data: (name: string) => ExternalData,
): (name: string) => Value {
  const known = new Map(specs.map((spec) => [spec.name, spec]));
  return once((name) => {
    const { shape } = known.get(name) ?? unknownWeight(name);
    return graph.parameter(name, { dtype: 'float32', shape }, data(name));
  });
}

/**
 * Weights loaded with the graph from a file, untouched by training. Projections of one input whose weights lie side
 * by side in the file are one product: fewer, larger products stream faster from memory.
 */
export function storedWeights(
  graph: Graph,
  specs: readonly ParameterSpec[],
  data: (name: string) => ExternalData,
): Weights {
  const known = new Map(specs.map((spec) => [spec.name, spec]));
  const specOf = (name: string): ParameterSpec => known.get(name) ?? unknownWeight(name);
  const stack = once((joined) => {
    const names = joined.split('+');
    const [, ...others] = specOf(names[0] ?? '').shape;
    const rows = names.reduce((sum, name) => sum + (specOf(name).shape[0] ?? 1), 0);
    const region = joinedRegion(names.map(data)) ?? unknownWeight(joined);
    return graph.parameter(joined, { dtype: 'float32', shape: [rows, ...others] }, region);
  });
  const separate = productsOf(storedTensors(graph, specs, data));
  const adjacent = (names: readonly string[]): boolean =>
    names.length === 0 || joinedRegion(names.map(data)) !== undefined;
  return {
    ...separate,
    linear: (at, x, projections) => {
      const weights = projections.map(({ module }) => `${module}.weight`);
      const biases = projections.flatMap(({ module, bias }) => (bias ? [`${module}.bias`] : []));
      const uniform = biases.length === 0 || biases.length === weights.length;
      if (weights.length === 1 || !uniform || !adjacent(weights) || !adjacent(biases))
        return separate.linear(at, x, projections);
      const bias = biases.length > 0 ? stack(biases.join('+')) : undefined;
      const product = linear(at, x, stack(weights.join('+')), bias);
      return split(at, product, { axis: 1, sizes: weights.map((name) => specOf(name).shape[0] ?? 1) });
    },
  };
}

/** Tensors fed at each run under their own names: what is trained, or a test's weights. */
export function fedTensors(graph: Graph, specs: readonly ParameterSpec[]): (name: string) => Value {
  const known = new Map(specs.map((spec) => [spec.name, spec]));
  return once((name) => graph.input(name, 'float32', (known.get(name) ?? unknownWeight(name)).shape));
}

/** Base weights that are fed, each projection a product of its own, so that each weight has its gradient. */
export function fedWeights(graph: Graph, specs: readonly ParameterSpec[]): Weights {
  return productsOf(fedTensors(graph, specs));
}

/** Every projection as a product of its own. */
export function productsOf(tensor: (name: string) => Value): Weights {
  const biasOf = ({ module, bias }: Projection): Value | undefined =>
    bias ? tensor(`${module}.bias`) : undefined;
  return {
    tensor,
    embedding: (at, module, ids) => embedding(at, tensor(`${module}.weight`), ids),
    linear: (at, x, projections) =>
      projections.map((projection) => {
        const place = projections.length === 1 ? at : at.at(projection.module.split('.').at(-1) ?? '');
        return linear(place, x, tensor(`${projection.module}.weight`), biasOf(projection));
      }),
    conv1d: (at, x, projection) => conv1d(at, x, tensor(`${projection.module}.weight`), biasOf(projection)),
  };
}

/** Each weight is declared when the forward pass first asks for it, so a graph holds only what it uses. */
function once(declare: (name: string) => Value): (name: string) => Value {
  const declared = new Map<string, Value>();
  return (name) => {
    const value = declared.get(name) ?? declare(name);
    declared.set(name, value);
    return value;
  };
}

function unknownWeight(name: string): never {
  throw new AppError({ kind: 'bug', code: 'unknown_weight', message: `there is no weight ${name}` });
}
