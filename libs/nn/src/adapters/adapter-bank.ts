import { add, gather, mul, reshape } from '@prad/graph';
import type { Dim, Graph, Scope, Value } from '@prad/graph';
import { noAdapter, type Adaptation, type Site, type SiteFlow } from '../architectures/site.js';
import { noDrop, type Masked } from './adapter-family.js';
import { bankInput, type BankFamily, type BankLayout } from './bank-layout.js';
import { withVirtualRows } from '../layers/virtual-rows.js';

interface AdapterBankInputs {
  readonly layout: BankLayout;
  /** The size of the batch axis. */
  readonly batch: Dim;
  /** float32 [B, T, 1]: what each row's delta is multiplied by; 0 at padding and where a row is not adapted. */
  readonly mask: Value;
  /** E. */
  readonly hiddenSize: number;
}

/**
 * A mixed batch: every row with an adapter of its own, of any family in the layout and any rank, or none. Declares
 * the bank's graph inputs (see `bankInput`); `stackBank` makes what is fed. For prefill, and for a decode step of
 * adapters of scope `all` in a graph of its own: the plain decode graph has no bank.
 */
export function adapterBank(
  graph: Graph,
  { layout, batch, mask, hiddenSize }: AdapterBankInputs,
): Adaptation {
  const families = layout.families.map((entry) => familyBank(graph, entry, batch, mask));
  const changed = (acts: 'input' | 'output', at: Scope, site: Site, flow: SiteFlow): Value =>
    families
      .filter(({ family }) => family.acts === acts)
      .reduce((value, { change }) => change(at, site, { ...flow, [acts]: value }), flow[acts]);
  return {
    ...noAdapter,
    ...(layout.virtualTokens && { embedding: virtualEmbedding(graph, mask, hiddenSize) }),
    input: (at, site, input) => changed('input', at, site, { input, output: input }),
    output: (at, site, flow) => changed('output', at, site, flow),
  };
}

function familyBank(graph: Graph, { family, sites }: BankFamily, batch: Dim, mask: Value) {
  const count = `${family.key}.n`;
  const modules = new Set(sites.map(({ module }) => module));
  const row = graph.input(bankInput.row(family), 'int64', [batch]);
  const change = (at: Scope, site: Site, flow: SiteFlow): Value => {
    const before = flow[family.acts];
    if (!modules.has(site.module)) return before;
    const there = at.at(family.key);
    const specs = new Map(family.tensors(site, 0).map((spec) => [spec.name, spec]));
    const tensor = (name: string): Value => {
      const spec = specs.get(name);
      const shape = (spec?.shape ?? []).map((size, axis): Dim =>
        axis === spec?.rankAxis ? `${site.module}.${family.key}.r` : size,
      );
      const all = graph.input(bankInput.tensor(site, family, name), 'float32', [
        count,
        ...(shape.length === 1 ? [1] : []),
        ...shape,
      ]);
      return gather(there, all, row, 0); // [B, ...]
    };
    const rows = (x: Value): Value => reshape(there, x, [...mask.shape.slice(0, 2), x.shape[1] ?? 1]); // [B, T, *]
    const byRow = { input: rows(flow.input), output: rows(flow.output) };
    const masked: Masked = (place, x) => mul(place, mask, x);
    const delta = family.delta(there, byRow, tensor, masked, noDrop);
    return add(there, before, reshape(there, delta, before.shape));
  };
  return { family, change };
}

function virtualEmbedding(graph: Graph, mask: Value, hiddenSize: number): Adaptation['embedding'] {
  const table = graph.input(bankInput.virtualTable, 'float32', ['virtual_tokens.n', hiddenSize]);
  const index = graph.input(bankInput.virtualIndex, 'int64', mask.shape.slice(0, 2));
  return (at, embedded) => withVirtualRows(at.at('virtual_tokens'), embedded, index, table);
}
