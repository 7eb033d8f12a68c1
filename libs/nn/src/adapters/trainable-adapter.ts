import { add, dimProduct, mul, reshape, scalar } from '@prad/graph';
import type { Value } from '@prad/graph';
import { noAdapter, type Adaptation } from '../architectures/site.js';
import { adapterTensorName } from './adapter-method.js';
import type { ModelAdapter } from './registry.js';

interface TrainableAdapterInputs {
  readonly adapter: ModelAdapter;
  /** The adapter's tensor of that full name, for example from `fedTensors`. */
  readonly tensor: (name: string) => Value;
  /** float32 [B, T, 1]: what the delta at each position is multiplied by. */
  readonly mask: Value;
}

/** One adapter for all rows of the batch. */
export function trainableAdapter({ adapter, tensor, mask }: TrainableAdapterInputs): Adaptation {
  const { family, options } = adapter;
  const modules = new Set(adapter.sites.map(({ module }) => module));
  const { root } = mask.graph;
  const byPosition = reshape(root, mask, [dimProduct(mask.shape.slice(0, 2)), 1]); // [N, 1]
  return {
    ...noAdapter,
    output: (at, site, { input, output }) => {
      if (!modules.has(site.module)) return output;
      const place = at.at(family.name);
      const tensors = (name: string): Value => tensor(adapterTensorName(site, family, name));
      const delta = family.delta(place, input, tensors, scalar(place, options.scale));
      return add(place, output, mul(place, byPosition, delta));
    },
  };
}
