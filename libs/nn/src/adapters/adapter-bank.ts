import { add, gather, mul, reshape } from '@prad/graph';
import type { Dim, Graph, Value } from '@prad/graph';
import { noAdapter, type Adaptation } from '../architectures/site.js';
import { adapterTensorName } from './adapter-method.js';
import { bankInput, type BankFamily, type BankLayout } from './bank-layout.js';

interface AdapterBankInputs {
  readonly layout: BankLayout;
  /** The size of the batch axis. */
  readonly batch: Dim;
  /** float32 [B, T, 1]: what each row's delta is multiplied by; 0 at padding and where a row is not adapted. */
  readonly mask: Value;
}

/**
 * A mixed batch: every row with an adapter of its own, of any family in the layout and any rank, or none. Declares
 * the bank's graph inputs (see `bankInput`); `stackBank` makes what is fed. For prefill, and for a decode step of
 * adapters of scope `all` in a graph of its own: the plain decode graph has no bank.
 */
export function adapterBank(graph: Graph, { layout, batch, mask }: AdapterBankInputs): Adaptation {
  const hooks = layout.map((entry) => familyBank(graph, entry, batch, mask));
  return {
    ...noAdapter,
    output: (at, site, { input, output }) =>
      hooks.reduce((changed, hook) => hook(at, site, { input, output: changed }), output),
  };
}

function familyBank(
  graph: Graph,
  { family, sites }: BankFamily,
  batch: Dim,
  mask: Value,
): Adaptation['output'] {
  const count = `${family.name}.n`;
  const modules = new Set(sites.map(({ module }) => module));
  const place = graph.root.at('bank').at(family.name);
  const row = graph.input(bankInput.row(family), 'int64', [batch]);
  const scales = graph.input(bankInput.scale(family), 'float32', [count, 1, 1]);
  const scale = gather(place, scales, row, 0); // [B, 1, 1]
  return (at, site, { input, output }) => {
    if (!modules.has(site.module)) return output;
    const there = at.at(family.name);
    const specs = new Map(
      family.parameters(site, { rank: 0, init: 'identity' }).map((spec) => [spec.name, spec]),
    );
    const tensors = (name: string): Value => {
      const spec = specs.get(name);
      const shape = (spec?.shape ?? []).map((size, axis): Dim =>
        axis === spec?.rankAxis ? `${site.module}.r` : size,
      );
      const all = graph.input(bankInput.tensor(adapterTensorName(site, family, name)), 'float32', [
        count,
        ...(shape.length === 1 ? [1] : []),
        ...shape,
      ]);
      return gather(there, all, row, 0); // [B, ...]
    };
    const rows = (x: Value): Value => reshape(there, x, [...mask.shape.slice(0, 2), x.shape[1] ?? 1]); // [B, T, *]
    const delta = mul(there, mask, family.delta(there, rows(input), tensors, scale));
    return add(there, output, reshape(there, delta, output.shape));
  };
}
