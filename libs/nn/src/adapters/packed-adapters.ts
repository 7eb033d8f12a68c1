import { add, reshape } from '@prad/graph';
import type { Dim, GraphShape, Scope, Value } from '@prad/graph';
import { AppError } from '@prad/errors';
import { noAdapter, type Adaptation, type Site, type SiteFlow } from '../architectures/site.js';
import { prefixByRow } from '../attention/prefix.js';
import type { ParameterSpec } from '../random/initialise.js';
import type { AdapterFamily } from './adapter-family.js';
import {
  actsAt,
  deltaAt,
  prefixRows,
  virtualRows,
  type TrainableAdapter,
  type TrainableAdapterInputs,
} from './trainable-adapter.js';

/** How many adapters train at once; free, as B and T are. */
const COUNT: Dim = 'J';
/** Positions of one of them. */
const OWN: Dim = 'B*T/J';

/** A trained tensor of J adapters of equal options in one: [J, ...], vectors as [J, 1, n]. */
export function packedShape({ shape }: Pick<ParameterSpec, 'shape'>): GraphShape {
  return [COUNT, ...(shape.length === 1 ? [1] : []), ...shape];
}

/**
 * J adapters of equal options that train in one pass: the batch is cut into J equal runs of rows, one for each. What
 * an adapter computes depends on its own rows alone. Inputs as those of `trainableAdapter`, but tensors are shaped by
 * `packedShape` and seeds are [J, 1, 1]; `virtual_tokens` counts through the rows of all. Declares `member` int64 [B], the
 * index of each row's adapter, where they have prefixes.
 */
export function packedAdapters(inputs: TrainableAdapterInputs): Adaptation {
  const { adapter, mask } = inputs;
  const { graph, shape } = mask;
  if (adapter.virtualTokens?.tied === true) throw notPackable();
  const all = packed(inputs);
  const by = (at: Scope, x: Value): Value => byMember(at, x, x.shape[1] ?? 1);
  const changed = (acts: AdapterFamily['acts'], at: Scope, site: Site, flow: SiteFlow): Value => {
    if (!actsAt(acts, site, adapter)) return flow[acts];
    const [input, output] = [by(at.at('in'), flow.input), by(at.at('out'), flow.output)];
    const delta = deltaAt(acts, at, site, { ...flow, input, output }, all);
    return delta ? add(at, flow[acts], reshape(at, delta, flow[acts].shape)) : flow[acts];
  };
  const virtual =
    adapter.virtualTokens && virtualRows(all, graph.input('virtual_tokens', 'int64', shape.slice(0, 2)));
  const place = graph.root.at('prefix');
  const front = prefixRows(place, all);
  return {
    ...noAdapter,
    ...(virtual && { embedding: virtual.embedding }),
    prefix:
      front &&
      prefixByRow(place, front, inputs.dimensions, graph.input('member', 'int64', shape.slice(0, 1))),
    input: (at, site, input) => changed('input', at, site, { input, output: input }),
    output: (at, site, flow) => changed('output', at, site, flow),
  };
}

/** The mask and the numbers of the rows as the members' flow has them. */
function packed(inputs: TrainableAdapterInputs): TrainableAdapter {
  const at = inputs.mask.graph.root.at('pack');
  const { dropout } = inputs;
  return {
    ...inputs,
    mask: byMember(at, inputs.mask, 1),
    dropout: dropout && { ...dropout, rows: byMember(at, dropout.rows, 1) },
  };
}

/** N positions of the batch as [J, N/J, width]. */
function byMember(at: Scope, x: Value, width: Dim): Value {
  return reshape(at, x, [COUNT, OWN, width]);
}

function notPackable(): AppError {
  return new AppError({
    kind: 'bug',
    code: 'not_packable',
    message: 'special tokens that are rows of the head do not train in a pack',
  });
}
