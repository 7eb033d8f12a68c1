import { AppError } from '@prad/errors';
import { concat, dimProduct, gatherBlockQuantized, matmulNBits, reshape, split } from '@prad/graph';
import type { ExternalData, Graph, Scope, Value } from '@prad/graph';
import type { ParameterSpec } from '../random/initialise.js';
import { joinedRegion } from './joined-region.js';
import { missingInCopy } from './missing-in-copy.js';
import { storedWeights, type Projection, type Weights } from './weights.js';

/** Where the parts of a weight [N, K] in few bits lie, as `matmulNBits` reads them; blocks = ceil(K / blockSize). */
export interface BlockData {
  readonly bits: 4 | 8;
  readonly blockSize: number;
  /** N. */
  readonly outFeatures: number;
  /** uint8 [N, blocks, blockSize * bits / 8]. */
  readonly quantised: ExternalData;
  /** float32 [N, blocks]. */
  readonly scales: ExternalData;
  /** uint8 [N, ceil(blocks * bits / 8)]; none where it is 2^(bits - 1) throughout. */
  readonly zeroPoints: ExternalData | undefined;
}

/** A projection and its weight's places. */
interface Member extends Projection {
  readonly data: BlockData;
}

/** A copy of a model's weights in blocks of few bits. */
export interface BlockCopy {
  readonly scheme: 'blocks';
  /** By the names of the weights that matrix products read. */
  readonly weights: ReadonlyMap<string, BlockData>;
  /** Whether an embedding that is the head's matrix as well is read from it, so that no float32 matrix is. */
  readonly embeddings: boolean;
}

/**
 * Weights whose matrix products are in few bits; embeddings but for those of the copy, norms and biases are float32. Projections of
 * one input whose weights lie side by side in the same bits are one product.
 */
export function blockWeights(
  graph: Graph,
  specs: readonly ParameterSpec[],
  data: (name: string) => ExternalData,
  { weights: quantised, embeddings }: BlockCopy,
): Weights {
  const stored = storedWeights(graph, specs, data);
  const { tensor } = stored;
  const dataOf = (name: string): BlockData => quantised.get(name) ?? missingInCopy(name);
  const linear: Weights['linear'] = (at, x, projections) => {
    const members = projections.map((each) => ({ ...each, data: dataOf(`${each.module}.weight`) }));
    return runsOf(members).flatMap((run) => {
      const biases = run.flatMap(({ module, bias }) => (bias ? [tensor(`${module}.bias`)] : []));
      // One tensor again once the session has folded constants.
      const bias = biases.length > 1 ? concat(at, biases, 0) : biases[0];
      const y = product(at, x, run, bias);
      const sizes = run.map((member) => member.data.outFeatures);
      return run.length === 1 ? [y] : split(at, y, { axis: 1, sizes });
    });
  };
  const embedding: Weights['embedding'] = (at, module, ids) => {
    const table = embeddings ? quantised.get(`${module}.weight`) : undefined;
    const size = specs.find(({ name }) => name === `${module}.weight`)?.shape[1] ?? 0;
    // The operator reads whole blocks.
    if (!table || size % table.blockSize !== 0) return stored.embedding(at, module, ids);
    return rowsOf(at, `${module}.weight`, { table, size }, reshape(at, ids, [dimProduct(ids.shape)]));
  };
  return { tensor, embedding, linear, conv1d: (at, x, projection) => linear(at, x, [projection])[0] ?? x };
}

/** Rows [N, E] of a table, which the graph declares as parameters of their own: a product packs its own anew. */
function rowsOf(
  at: Scope,
  name: string,
  { table, size }: { readonly table: BlockData; readonly size: number },
  indices: Value,
): Value {
  const { bits, blockSize, outFeatures } = table;
  const blocks = size / blockSize;
  const part = (suffix: string, dtype: 'uint8' | 'float32', columns: number, data: ExternalData) =>
    at.graph.parameter(`${name}.rows.${suffix}`, { dtype, shape: [outFeatures, columns] }, data);
  return gatherBlockQuantized(
    at,
    {
      indices,
      quantised: part('quantised', 'uint8', (size * bits) / 8, table.quantised),
      scales: part('scales', 'float32', blocks, table.scales),
      zeroPoints:
        table.zeroPoints && part('zero_points', 'uint8', Math.ceil((blocks * bits) / 8), table.zeroPoints),
    },
    { bits, blockSize },
  );
}

/** Neighbours that can be one product: the parts of their weights lie side by side. */
function runsOf(members: readonly Member[]): Member[][] {
  const runs: Member[][] = [];
  for (const member of members) {
    const run = runs.at(-1);
    const fits =
      run?.every(({ bias, data }) => bias === member.bias && data.bits === member.data.bits) &&
      partsOf([...run, member]) !== undefined;
    if (run && fits) run.push(member);
    else runs.push([member]);
  }
  return runs;
}

/** The places of stacked weights; undefined where a part of them does not lie in one piece. */
function partsOf(run: readonly Member[]): Omit<BlockData, 'bits' | 'blockSize'> | undefined {
  const quantised = joinedRegion(run.map(({ data }) => data.quantised));
  const scales = joinedRegion(run.map(({ data }) => data.scales));
  const zeros = run.flatMap(({ data }) => data.zeroPoints ?? []);
  const zeroPoints = joinedRegion(zeros);
  if (!quantised || !scales || (zeros.length > 0 && !zeroPoints)) return undefined;
  return {
    ...{ quantised, scales, zeroPoints },
    outFeatures: run.reduce((sum, { data }) => sum + data.outFeatures, 0),
  };
}

function product(at: Scope, x: Value, run: readonly Member[], bias: Value | undefined): Value {
  const [first] = run;
  const parts = partsOf(run);
  const inFeatures = x.shape[1];
  if (!first || !parts || typeof inFeatures !== 'number') {
    const modules = run.map(({ module }) => module).join(', ');
    throw new AppError({
      kind: 'bug',
      code: 'bad_quantised_product',
      message: `${modules} cannot be multiplied by x [${x.shape.join(', ')}]`,
    });
  }
  const { bits, blockSize } = first.data;
  const blocks = Math.ceil(inFeatures / blockSize);
  const name = run.map(({ module }) => `${module}.weight`).join('+');
  const part = (suffix: string, dtype: 'uint8' | 'float32', shape: readonly number[], data: ExternalData) =>
    at.graph.parameter(`${name}.${suffix}`, { dtype, shape: [parts.outFeatures, ...shape] }, data);
  return matmulNBits(
    at,
    {
      x,
      quantised: part('quantised', 'uint8', [blocks, (blockSize * bits) / 8], parts.quantised),
      scales: part('scales', 'float32', [blocks], parts.scales),
      zeroPoints:
        parts.zeroPoints && part('zero_points', 'uint8', [Math.ceil((blocks * bits) / 8)], parts.zeroPoints),
      bias,
    },
    { inFeatures, bits, blockSize },
  );
}
