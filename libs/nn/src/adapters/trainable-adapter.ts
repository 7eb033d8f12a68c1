import { add, concat, dimProduct, gemm, mul, reshape } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';
import { tensor } from '@prad/tensor';
import { noAdapter, type Adaptation, type Site, type SiteFlow } from '../architectures/site.js';
import type { Prefix } from '../attention/prefix.js';
import { prefixOf } from '../attention/prefix.js';
import type { Dimensions } from '../architectures/architecture.js';
import { dropout } from '../layers/dropout.js';
import { withVirtualRows } from '../layers/virtual-rows.js';
import { noDrop, type Drop } from './adapter-family.js';
import type { SitePart, VirtualTokens } from './adapter-method.js';
import type { ModelAdapter } from './registry.js';
import { partTensorName } from './tensor-names.js';

interface TrainableAdapterInputs {
  readonly adapter: ModelAdapter;
  readonly dimensions: Dimensions;
  /** The adapter's tensor of that full name, for example from `fedTensors`. */
  readonly tensor: (name: string) => Value;
  /** float32 [B, T, 1]: what the delta at each position is multiplied by. */
  readonly mask: Value;
  /** int64 scalar: another one in every step gives other dropout; without it nothing is dropped. */
  readonly dropoutSeed?: Value | undefined;
}

/**
 * One adapter for all rows of the batch. An adapter with virtual tokens declares the input `virtual_tokens` [B, T]:
 * 1 + the token's row among the adapter's, 0 at tokens of the vocabulary.
 */
export function trainableAdapter(inputs: TrainableAdapterInputs): Adaptation {
  const { adapter, mask } = inputs;
  const { graph } = mask;
  const byPosition = reshape(graph.root, mask, [dimProduct(mask.shape.slice(0, 2)), 1]); // [N, 1]
  const deltas = (acts: 'input' | 'output', at: Scope, site: Site, flow: SiteFlow): Value[] =>
    adapter.parts
      .filter(
        ({ family, sites }) => family.acts === acts && sites.some(({ module }) => module === site.module),
      )
      .map((part) => mul(at, byPosition, deltaOf(at.at(part.name), part, site, flow, inputs)));
  const virtual = adapter.virtualTokens && virtualRows(inputs, adapter.virtualTokens);
  return {
    ...noAdapter,
    ...(virtual && { embedding: virtual.embedding }),
    ...(adapter.virtualTokens?.tied === true && virtual && { logits: virtual.logits }),
    prefix: prefixIn(inputs),
    input: (at, site, input) =>
      deltas('input', at, site, { input, output: input }).reduce((sum, delta) => add(at, sum, delta), input),
    output: (at, site, flow) =>
      deltas('output', at, site, flow).reduce((sum, delta) => add(at, sum, delta), flow.output),
  };
}

function deltaOf(
  at: Scope,
  part: SitePart,
  site: Site,
  flow: SiteFlow,
  { tensor: trained, dropoutSeed }: TrainableAdapterInputs,
): Value {
  const served = part.serve(at, flow, (name) => trained(partTensorName(site, part.name, name)));
  const drop: Drop =
    part.dropout && dropoutSeed
      ? (place, where_, x) =>
          where_ === part.dropout?.place ? dropout(place, x, part.dropout.rate, dropoutSeed) : x
      : noDrop;
  return part.family.delta(at, flow, (name) => served[name] ?? flow.output, drop);
}

function prefixIn({
  adapter,
  dimensions,
  tensor: trained,
  mask,
  dropoutSeed,
}: TrainableAdapterInputs): Prefix | undefined {
  if (!adapter.prefix) return undefined;
  const at = mask.graph.root.at('prefix');
  const rows = adapter.prefix.serve(at, (name) => trained(`prefix.${name}`)); // [P, 2*L*K*D]
  const drops = adapter.prefix.dropout > 0 && dropoutSeed;
  return prefixOf(at, drops ? dropout(at, rows, adapter.prefix.dropout, drops) : rows, dimensions);
}

/** The trained rows at virtual tokens, and as further rows of the head. */
function virtualRows(
  { tensor: trained, mask, dimensions }: TrainableAdapterInputs,
  { parameters }: VirtualTokens,
): Pick<Adaptation, 'embedding' | 'logits'> {
  const { graph } = mask;
  const rows = concat(
    graph.root.at('virtual_tokens'),
    parameters.map(({ name }) => trained(name)),
    0,
  );
  const index = graph.input('virtual_tokens', 'int64', mask.shape.slice(0, 2));
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
