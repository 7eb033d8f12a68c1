import { add, concat, dimProduct, gemm, mul, reshape } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';
import { tensor } from '@prad/tensor';
import { noAdapter, type Adaptation, type Site, type SiteFlow } from '../architectures/site.js';
import { prefixOf } from '../attention/prefix.js';
import type { Dimensions } from '../architectures/architecture.js';
import { dropout, rowNumbers } from '../layers/dropout.js';
import { withVirtualRows } from '../layers/virtual-rows.js';
import { noDrop, type AdapterFamily, type Drop, type Masked } from './adapter-family.js';
import type { SitePart, VirtualTokens } from './adapter-method.js';
import type { ModelAdapter } from './registry.js';
import { partTensorName } from './tensor-names.js';

/** What drops in a training step. */
export interface StepDropout {
  /** int64 scalar: another one in every step. */
  readonly seed: Value;
  /** int64 [N, 1] of the N = B*T positions: see `dropout`. */
  readonly rows: Value;
}

/** An adapter that trains, or J of them at once with J in front of every shape (see `packedAdapters`). */
export interface TrainableAdapter {
  readonly adapter: ModelAdapter;
  readonly dimensions: Dimensions;
  /** The adapter's tensor of that full name, for example from `fedTensors`. */
  readonly tensor: (name: string) => Value;
  /** float32 [N, 1]: what the delta at each position is multiplied by. */
  readonly mask: Value;
  /** Nothing is dropped without it. */
  readonly dropout?: StepDropout | undefined;
}

export interface TrainableAdapterInputs extends Omit<TrainableAdapter, 'mask'> {
  /** float32 [B, T, 1]. */
  readonly mask: Value;
}

/**
 * One adapter for all rows of the batch. An adapter with virtual tokens declares the input `virtual_tokens` [B, T]:
 * 1 + the token's row among the adapter's, 0 at tokens of the vocabulary.
 */
export function trainableAdapter(inputs: TrainableAdapterInputs): Adaptation {
  const { graph, shape } = inputs.mask;
  const { virtualTokens } = inputs.adapter;
  const one = {
    ...inputs,
    mask: reshape(graph.root, inputs.mask, [dimProduct(shape.slice(0, 2)), 1]), // [N, 1]
  };
  const virtual =
    virtualTokens && virtualRows(one, graph.input('virtual_tokens', 'int64', shape.slice(0, 2)));
  const place = graph.root.at('prefix');
  const front = prefixRows(place, one);
  const changed = (acts: AdapterFamily['acts'], at: Scope, site: Site, flow: SiteFlow): Value => {
    const delta = deltaAt(acts, at, site, flow, one);
    return delta ? add(at, flow[acts], delta) : flow[acts];
  };
  return {
    ...noAdapter,
    ...(virtual && { embedding: virtual.embedding }),
    ...(virtualTokens?.tied === true && virtual && { logits: virtual.logits }),
    prefix: front && prefixOf(place, front, inputs.dimensions),
    input: (at, site, input) => changed('input', at, site, { input, output: input }),
    output: (at, site, flow) => changed('output', at, site, flow),
  };
}

/** Whether the adapter changes what goes into, or comes out of, the site. */
export function actsAt(acts: AdapterFamily['acts'], { module }: Site, { parts }: ModelAdapter): boolean {
  return parts.some((part) => isAt(part, acts, module));
}

function isAt({ family, sites }: SitePart, acts: AdapterFamily['acts'], module: string): boolean {
  return family.acts === acts && sites.some((site) => site.module === module);
}

/** The adapter's masked change at a site; undefined where it has none. */
export function deltaAt(
  acts: AdapterFamily['acts'],
  at: Scope,
  site: Site,
  flow: SiteFlow,
  one: TrainableAdapter,
): Value | undefined {
  const deltas = one.adapter.parts
    .filter((part) => isAt(part, acts, site.module))
    .map((part) => deltaOf(at.at(part.name), part, site, flow, one));
  return deltas.length === 0 ? undefined : deltas.reduce((sum, delta) => add(at, sum, delta));
}

function deltaOf(
  at: Scope,
  part: SitePart,
  site: Site,
  flow: SiteFlow,
  { tensor: trained, dropout: step, mask }: TrainableAdapter,
): Value {
  const served = part.serve(at, flow, (name) => trained(partTensorName(site, part.name, name)));
  const drop: Drop =
    part.dropout && step
      ? (place, where_, x) =>
          where_ === part.dropout?.place
            ? dropout(place, x, {
                ...step,
                ...{ rate: part.dropout.rate, name: `${site.module}.${part.name}.${where_}` },
              })
            : x
      : noDrop;
  const masked: Masked = (place, x) => mul(place, mask, x);
  return part.family.delta(at, flow, (name) => served[name] ?? flow.output, masked, drop);
}

/** What the adapter trains in front of every row, if anything: [P, 2*L*K*D]. */
export function prefixRows(
  at: Scope,
  { adapter, tensor: trained, dropout: step }: TrainableAdapter,
): Value | undefined {
  if (!adapter.prefix) return undefined;
  const { length, serve, dropout: rate } = adapter.prefix;
  const rows = serve(at, (name) => trained(`prefix.${name}`));
  const drops = rate > 0 && step;
  const options = drops && { rate, name: 'prefix', seed: step.seed, rows: rowNumbers(at, length) };
  return options ? dropout(at, rows, options) : rows;
}

/** The trained rows at virtual tokens (`index` int64, N numbers), and as further rows of the head. */
export function virtualRows(
  { adapter, tensor: trained, mask, dimensions }: TrainableAdapter,
  index: Value,
): Pick<Adaptation, 'embedding' | 'logits'> {
  const { parameters = [] }: Partial<VirtualTokens> = adapter.virtualTokens ?? {};
  const place = mask.graph.root.at('virtual_tokens');
  const tables = parameters.map(({ name }) => trained(name));
  const joined = concat(place, tables, -2);
  const rows = reshape(place, joined, [dimProduct(joined.shape.slice(0, -1)), dimensions.hiddenSize]);
  return {
    embedding: (at, embedded) =>
      withVirtualRows(at.at('virtual_tokens'), embedded, index, withNone(at, rows, dimensions)),
    logits: (at, hidden, logits) => concat(at, [logits, gemm(at, hidden, rows, { transB: true })], 1),
  };
}

/** Row 0 is never taken: it stands for tokens of the vocabulary. */
function withNone(at: Scope, rows: Value, { hiddenSize }: Dimensions): Value {
  const none = at.constant(tensor('float32', [1, hiddenSize], new Float32Array(hiddenSize)));
  return concat(at, [none, rows], 0);
}
