import {
  abs,
  add,
  cast,
  dimProduct,
  expandLike,
  gather,
  matmulIntegerToFloat,
  mul,
  quantizeLinear,
  reduceMax,
  reshape,
  scalar,
  split,
  type ExternalData,
  type Graph,
  type Scope,
  type Value,
  type ValueType,
} from '@prad/graph';
import { tensor } from '@prad/tensor';
import type { ParameterSpec } from '../random/initialise.js';
import { missingInCopy } from './missing-in-copy.js';
import { storedWeights, type Projection, type Weights } from './weights.js';

/** Where the weights of one product lie; those that multiply the same input have their columns side by side. */
export interface ChannelData {
  /** K. */
  readonly inFeatures: number;
  /** N, of all of them. */
  readonly outFeatures: number;
  /** int8 [K, N]. */
  readonly quantised: ExternalData;
  /** float32 [N]. */
  readonly scales: ExternalData;
  /** int8 [N, K], the same numbers, where they are an embedding too. */
  readonly rows: ExternalData | undefined;
}

/** A copy of a model's weights in 8 bits, each output channel with a step of its own. */
export interface ChannelCopy {
  readonly scheme: 'channels';
  /** By the names of a product's weights, joined with `+`. */
  readonly products: ReadonlyMap<string, ChannelData>;
  /** Whether an embedding that is the head's matrix as well is read from it, so that no float32 matrix is. */
  readonly embeddings: boolean;
}

/** The largest whole number of an activation; 0 is stored as `ZERO`. */
const LARGEST = 127;
const ZERO = 128;

/** Activations [M, K] in whole numbers, each row in steps of its own, so that no row depends on the others. */
interface WholeRows {
  /** uint8 [M, K]. */
  readonly x: Value;
  /** float32 [M, 1]. */
  readonly steps: Value;
}

/**
 * Weights whose matrix products are in whole numbers, 8 bits times 8 bits ("W8A8"): y = (x / s) W s, where s is a row's
 * largest number / 127, as LLM.int8() and vLLM's int8 schemes quantise activations per token and weights per channel.
 * The sums are exact, so a row's result is the same in any batch.
 */
export function channelWeights(
  graph: Graph,
  specs: readonly ParameterSpec[],
  data: (name: string) => ExternalData,
  { products, embeddings }: ChannelCopy,
): Weights {
  const stored = storedWeights(graph, specs, data);
  const { tensor: tensorOf } = stored;
  const rows = new Map(specs.map(({ name, shape }) => [name, shape[0]]));
  const inSteps = wholeRows();
  const linear: Weights['linear'] = (at, x, projections) => {
    const name = projections.map(({ module }) => `${module}.weight`).join('+');
    const product = products.get(name) ?? missingInCopy(name);
    const { x: whole, steps } = inSteps(at, x);
    const { inFeatures, outFeatures } = product;
    const shape = [inFeatures, outFeatures];
    const weight = graph.parameter(`${name}.quantised`, { dtype: 'int8', shape }, product.quantised);
    const scales = graph.parameter(
      `${name}.scales`,
      { dtype: 'float32', shape: [outFeatures] },
      product.scales,
    );
    const y = mul(at, matmulIntegerToFloat(at, { x: whole, zero: ZERO, weight, scales }), steps);
    const sizes = projections.map(({ module }) => rows.get(`${module}.weight`) ?? 0);
    const each = sizes.length === 1 ? [y] : split(at, y, { axis: 1, sizes });
    return each.map((part, index) => withBias(at, part, projections[index], tensorOf));
  };
  const embedding: Weights['embedding'] = (at, module, ids) => {
    const table = embeddings ? products.get(`${module}.weight`) : undefined;
    if (!table?.rows) return stored.embedding(at, module, ids);
    const { rows: whole, scales, outFeatures, inFeatures } = table;
    const part = (suffix: string, type: ValueType, data: ExternalData): Value =>
      graph.parameter(`${module}.weight.${suffix}`, type, data);
    const numbers = part('rows', { dtype: 'int8', shape: [outFeatures, inFeatures] }, whole);
    // Those of the product, as a column.
    const steps = part('rows.scales', { dtype: 'float32', shape: [outFeatures, 1] }, scales);
    const places = reshape(at, ids, [dimProduct(ids.shape)]);
    return mul(at, cast(at, gather(at, numbers, places, 0), 'float32'), gather(at, steps, places, 0));
  };
  return {
    ...{ tensor: tensorOf, embedding, linear },
    conv1d: (at, x, projection) => linear(at, x, [projection])[0] ?? x,
  };
}

function withBias(
  at: Scope,
  y: Value,
  projection: Projection | undefined,
  tensorOf: Weights['tensor'],
): Value {
  return projection?.bias ? add(at, y, tensorOf(`${projection.module}.bias`)) : y;
}

/** Rounds rows. */
function wholeRows(): (at: Scope, x: Value) => WholeRows {
  // By the number of rows, or its name.
  const zeros = new Map<unknown, Value>();
  return (at, x) => {
    const largest = reduceMax(at, abs(at, x), { axes: [1], keepdims: true });
    const steps = mul(at, largest, scalar(at, 1 / LARGEST));
    const key = x.shape[0];
    const zeroPoints =
      zeros.get(key) ?? expandLike(at, at.constant(tensor('uint8', [1, 1], Uint8Array.of(ZERO))), steps);
    zeros.set(key, zeroPoints);
    return { x: quantizeLinear(at, { x, scales: steps, zeroPoints }), steps };
  };
}
