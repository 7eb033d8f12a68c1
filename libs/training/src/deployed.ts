import { baseWeights, runOnBase, type BaseModel } from '@prad/models';
import { servedGraph, servedName, type ModelAdapter } from '@prad/nn';
import type { HostTensor } from '@prad/tensor';

interface Deployed {
  readonly options: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/**
 * What of trained tensors is kept: all of them, but a prefix that was trained through an MLP as the rows that the MLP
 * makes, under the options of one without.
 */
export async function deployed(
  model: BaseModel,
  adapter: ModelAdapter,
  tensors: ReadonlyMap<string, HostTensor>,
): Promise<Deployed> {
  const { options, prefix } = adapter;
  if (prefix?.projected !== true) return { options, tensors };
  const graph = servedGraph(model, adapter, baseWeights(model));
  const rows = (await runOnBase(model, graph, Object.fromEntries(tensors))).get(servedName.prefix);
  const others = [...tensors].filter(([name]) => !name.startsWith('prefix.'));
  return {
    options: { ...options, projection: false },
    tensors: new Map([...others, ...(rows ? [['prefix.weight', rows] as const] : [])]),
  };
}
