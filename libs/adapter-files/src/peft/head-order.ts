import { tensor } from '@prad/tensor';
import type { BaseLayout } from '../base-layout.js';
import type { FloatTensor } from '../float-tensors.js';
import type { PeftModule } from './peft-modules.js';

/** Rows of a fused module as it keeps them, in the order of its projections, each whole. */
export function inOrderOfKinds(module: PeftModule, layout: BaseLayout, values: FloatTensor): FloatTensor {
  return module.byHead ? regrouped(values, layout.heads, module.kinds.length) : values;
}

/** The way back of {@link inOrderOfKinds}. */
export function inOrderOfModule(module: PeftModule, layout: BaseLayout, values: FloatTensor): FloatTensor {
  return module.byHead ? regrouped(values, module.kinds.length, layout.heads) : values;
}

/** Rows [outer, inner, D] as [inner, outer, D]. */
function regrouped({ shape, data }: FloatTensor, outer: number, inner: number): FloatTensor {
  const block = data.length / (outer * inner);
  const out = new Float32Array(data.length);
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < inner; j++) {
      const from = (i * inner + j) * block;
      out.set(data.subarray(from, from + block), (j * outer + i) * block);
    }
  }
  return tensor('float32', shape, out);
}
