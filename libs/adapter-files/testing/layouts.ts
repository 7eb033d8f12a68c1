import type { AdapterBase, BaseLayout, SiteLayout } from '../src/base-layout.js';

function site(
  module: string,
  inFeatures: number,
  outFeatures: number,
  bias: boolean,
  weight = true,
): SiteLayout {
  return { module, inFeatures, outFeatures, weight, bias };
}

/** Two layers of LLaMA with E 4, K 1, D 2, F 6. */
export const llamaLayout: BaseLayout = {
  ...{ modelType: 'llama', layers: 2, hiddenSize: 4, heads: 2, kvHeads: 1, headDim: 2 },
  sites: {
    q_proj: site('model.layers.*.self_attn.q_proj', 4, 4, false),
    k_proj: site('model.layers.*.self_attn.k_proj', 4, 2, false),
    v_proj: site('model.layers.*.self_attn.v_proj', 4, 2, false),
    o_proj: site('model.layers.*.self_attn.o_proj', 4, 4, false),
    self_attn: site('model.layers.*.self_attn', 4, 4, false, false),
    gate_proj: site('model.layers.*.mlp.gate_proj', 4, 6, false),
    up_proj: site('model.layers.*.mlp.up_proj', 4, 6, false),
    down_proj: site('model.layers.*.mlp.down_proj', 6, 4, false),
    mlp: site('model.layers.*.mlp', 4, 4, false, false),
  },
};

/** Two layers of GPT-2 with E 4. */
export const gpt2Layout: BaseLayout = {
  ...{ modelType: 'gpt2', layers: 2, hiddenSize: 4, heads: 2, kvHeads: 2, headDim: 2 },
  sites: {
    q_proj: site('transformer.h.*.attn.q_proj', 4, 4, true, false),
    k_proj: site('transformer.h.*.attn.k_proj', 4, 4, true, false),
    v_proj: site('transformer.h.*.attn.v_proj', 4, 4, true, false),
    o_proj: site('transformer.h.*.attn.c_proj', 4, 4, true),
    self_attn: site('transformer.h.*.attn', 4, 4, false, false),
    up_proj: site('transformer.h.*.mlp.c_fc', 4, 16, true),
    down_proj: site('transformer.h.*.mlp.c_proj', 16, 4, true),
    mlp: site('transformer.h.*.mlp', 4, 4, false, false),
  },
};

export function baseOf(layout: BaseLayout): AdapterBase {
  return { name: `tiny-${layout.modelType}`, digest: 'd'.repeat(64), layout };
}
