import { add, concat, reshape, split, zerosLike } from '@prad/graph';
import type { Dim, GraphShape, Scope, Value } from '@prad/graph';
import { AppError } from '@prad/errors';
import { noAdapter, type Adaptation, type Site, type SiteFlow } from '../architectures/site.js';
import { prefixByRow } from '../attention/prefix.js';
import type { AdapterFamily } from './adapter-family.js';
import {
  actsAt,
  deltaAt,
  trainablePrefix,
  virtualRows,
  type StepDropout,
  type TrainableAdapter,
} from './trainable-adapter.js';

interface PackedAdaptersInputs {
  /** J adapters, each with its tensors. Where they have prefixes, all are of one length. */
  readonly members: readonly Pick<TrainableAdapter, 'adapter' | 'dimensions' | 'tensor'>[];
  /** float32 [B, T, 1]. */
  readonly mask: Value;
  /** Seeds as int64 [J, 1]; nothing is dropped without them. */
  readonly dropout?: StepDropout | undefined;
}

/** Positions of one member. */
const OWN: Dim = 'B*T/J';

/**
 * J adapters that train in one pass: the batch is cut into J equal runs of rows, one for each. What a member computes
 * depends on its own rows alone. Declares the inputs `virtual_tokens` [B, T], as `trainableAdapter`, where one has them, and
 * `member` int64 [B], the index of each row's adapter, where they have prefixes.
 */
export function packedAdapters(inputs: PackedAdaptersInputs): Adaptation {
  const { graph, shape } = inputs.mask;
  const rows = shape.slice(0, 2);
  const members = membersOf(inputs);
  const changed = (acts: AdapterFamily['acts'], at: Scope, site: Site, flow: SiteFlow): Value => {
    if (!members.some(({ adapter }) => actsAt(acts, site, adapter))) return flow[acts];
    const delta = eachInItsRows(at, flow, members.length, (place, own, index) => {
      const member = members[index];
      return (member && deltaAt(acts, place, site, own, member)) ?? zerosLike(place, own[acts]);
    });
    return add(at, flow[acts], delta(flow[acts].shape));
  };
  const withRows = members.some(({ adapter }) => adapter.virtualTokens);
  const virtual = withRows ? graph.input('virtual_tokens', 'int64', rows) : undefined;
  const prefixes = members.flatMap(
    (member, index) => trainablePrefix(graph.root.at(`prefix${index}`), member) ?? [],
  );
  return {
    ...noAdapter,
    ...(virtual && { embedding: packedEmbedding(members, virtual) }),
    prefix:
      prefixes.length > 0
        ? prefixByRow(prefixes, graph.input('member', 'int64', rows.slice(0, 1)))
        : undefined,
    input: (at, site, input) => changed('input', at, site, { input, output: input }),
    output: (at, site, flow) => changed('output', at, site, flow),
  };
}

/** Each with its part of what is given for the whole batch. */
function membersOf({ members, mask, dropout }: PackedAdaptersInputs): readonly TrainableAdapter[] {
  const at = mask.graph.root.at('pack');
  const count = members.length;
  const masks = cut(at, mask, count, [OWN, 1]);
  const rows = dropout && cut(at, dropout.rows, count, [OWN, 1]);
  const seeds = dropout && split(at, dropout.seed, { axis: 0, sizes: members.map(() => 1) });
  return members.map((member, index) => {
    if (member.adapter.virtualTokens?.tied === true) throw notPackable();
    const [own, ownRows, seed] = [masks[index] ?? mask, rows?.[index], seeds?.[index]];
    return { ...member, mask: own, ...(ownRows && seed && { dropout: { seed, rows: ownRows } }) };
  });
}

function packedEmbedding(members: readonly TrainableAdapter[], index: Value): Adaptation['embedding'] {
  return (at, embedded) => {
    const indices = cut(at, index, members.length, [OWN]);
    const flow = { input: embedded, output: embedded };
    const joined = eachInItsRows(at, flow, members.length, (place, { input }, j) => {
      const [member, own] = [members[j], indices[j]];
      return member?.adapter.virtualTokens && own ? virtualRows(member, own).embedding(place, input) : input;
    });
    return joined(embedded.shape);
  };
}

/** What `of` makes of each member's part of the flow, joined to [N, *] again. */
function eachInItsRows(
  at: Scope,
  flow: SiteFlow,
  count: number,
  of: (at: Scope, own: SiteFlow, index: number) => Value,
): (shape: GraphShape) => Value {
  const inputs = cut(at.at('in'), flow.input, count, [OWN, flow.input.shape[1] ?? 1]);
  const outputs =
    flow.output === flow.input
      ? inputs
      : cut(at.at('out'), flow.output, count, [OWN, flow.output.shape[1] ?? 1]);
  const made = inputs.map((input, index) => {
    const place = at.at(`member${index}`);
    const value = of(place, { ...flow, input, output: outputs[index] ?? input }, index);
    return reshape(place, value, [1, ...value.shape]);
  });
  return (shape) => reshape(at, concat(at, made, 0), shape);
}

/** x cut into J equal parts of its positions, each of the given shape. */
function cut(at: Scope, x: Value, count: number, shape: GraphShape): readonly Value[] {
  const stacked = reshape(at, x, [count, ...shape]);
  const sizes = Array.from({ length: count }, () => 1);
  return split(at, stacked, { axis: 0, sizes }).map((part) => reshape(at, part, shape));
}

function notPackable(): AppError {
  return new AppError({
    kind: 'bug',
    code: 'not_packable',
    message: 'special tokens that are rows of the head do not train in a pack',
  });
}
