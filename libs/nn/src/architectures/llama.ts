import { add, mul } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';
import { z } from 'zod';
import { silu } from '../layers/activations.js';
import { embedding } from '../layers/embedding.js';
import { linear } from '../layers/linear.js';
import { moduleScope } from '../layers/module-scope.js';
import { rmsNorm } from '../layers/norms.js';
import type { Init, ParameterSpec } from '../random/initialise.js';
import type { Architecture, Dimensions, ForwardContext } from './architecture.js';
import { only, size } from './config-fields.js';
import type { Site, SiteKind } from './site.js';

/** `rope_parameters` is how transformers 5 writes `rope_theta` and `rope_scaling`. */
const ropeParameters = z.object({
  rope_theta: z.number().positive().optional(),
  rope_type: only('default').optional(),
});

const config = z
  .object({
    model_type: z.literal('llama'),
    vocab_size: size,
    hidden_size: size,
    intermediate_size: size,
    num_hidden_layers: size,
    num_attention_heads: size,
    num_key_value_heads: size.nullish(),
    head_dim: size.nullish(),
    max_position_embeddings: size.default(2048),
    rms_norm_eps: z.number().positive().default(1e-6),
    rope_theta: z.number().positive().optional(),
    rope_parameters: ropeParameters.nullish(),
    rope_scaling: only(null, 'rotary positions are not scaled').optional(),
    rope_interleaved: only(false).optional(),
    hidden_act: only('silu').default('silu'),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
    tie_word_embeddings: z.boolean().default(false),
    initializer_range: z.number().positive().default(0.02),
  })
  .refine((c) => c.num_attention_heads % (c.num_key_value_heads ?? c.num_attention_heads) === 0, {
    error: 'must divide num_attention_heads',
    path: ['num_key_value_heads'],
  })
  .refine((c) => c.head_dim ?? c.hidden_size % c.num_attention_heads === 0, {
    error: 'must divide hidden_size where there is no head_dim',
    path: ['num_attention_heads'],
  });

export type LlamaConfig = z.infer<typeof config>;

function dimensions(c: LlamaConfig): Dimensions {
  return {
    layers: c.num_hidden_layers,
    hiddenSize: c.hidden_size,
    heads: c.num_attention_heads,
    kvHeads: c.num_key_value_heads ?? c.num_attention_heads,
    headDim: c.head_dim ?? c.hidden_size / c.num_attention_heads,
    vocabSize: c.vocab_size,
    maxPositions: c.max_position_embeddings,
    rope: { theta: c.rope_theta ?? c.rope_parameters?.rope_theta ?? 10_000 },
  };
}

/** The modules of layer `i` that an adapter may change. */
function layerSites(c: LlamaConfig, layer: number): Record<SiteKind, Site> {
  const { hiddenSize, heads, kvHeads, headDim } = dimensions(c);
  const site = (kind: SiteKind, module: string, inFeatures: number, outFeatures: number): Site => ({
    module: `model.layers.${layer}.${module}`,
    kind,
    layer,
    inFeatures,
    outFeatures,
  });
  return {
    q_proj: site('q_proj', 'self_attn.q_proj', hiddenSize, heads * headDim),
    k_proj: site('k_proj', 'self_attn.k_proj', hiddenSize, kvHeads * headDim),
    v_proj: site('v_proj', 'self_attn.v_proj', hiddenSize, kvHeads * headDim),
    o_proj: site('o_proj', 'self_attn.o_proj', heads * headDim, hiddenSize),
    gate_proj: site('gate_proj', 'mlp.gate_proj', hiddenSize, c.intermediate_size),
    up_proj: site('up_proj', 'mlp.up_proj', hiddenSize, c.intermediate_size),
    down_proj: site('down_proj', 'mlp.down_proj', c.intermediate_size, hiddenSize),
    mlp: site('mlp', 'mlp', hiddenSize, hiddenSize),
  };
}

/** The pre-norm decoder with grouped-query attention, rotary positions and a SwiGLU feed-forward. */
function forward(at: Scope, c: LlamaConfig, { weight, inputIds, attention, adapt }: ForwardContext): Value {
  const norm = (module: string, x: Value): Value =>
    rmsNorm(moduleScope(at, module), x, weight(`${module}.weight`), c.rms_norm_eps);
  const project = (site: Site, x: Value): Value => {
    const place = moduleScope(at, site.module);
    const bias = hasBias(c, site.kind) ? weight(`${site.module}.bias`) : undefined;
    return adapt(place, site, { input: x, output: linear(place, x, weight(`${site.module}.weight`), bias) });
  };

  let h = embedding(moduleScope(at, 'model.embed_tokens'), weight('model.embed_tokens.weight'), inputIds); // [B, T, E]
  for (let layer = 0; layer < c.num_hidden_layers; layer++) {
    const block = `model.layers.${layer}`;
    const place = moduleScope(at, block);
    const sites = layerSites(c, layer);

    const x = norm(`${block}.input_layernorm`, h); // [B, T, E]
    const query = project(sites.q_proj, x); // [B, T, H*D]
    const key = project(sites.k_proj, x); // [B, T, K*D]
    const value = project(sites.v_proj, x); // [B, T, K*D]
    const mixed = attention(place.at('self_attn'), layer, { query, key, value }); // [B, T, H*D]
    h = add(place, h, project(sites.o_proj, mixed));

    const mlp = place.at('mlp');
    const u = norm(`${block}.post_attention_layernorm`, h); // [B, T, E]
    const gated = mul(mlp, silu(mlp, project(sites.gate_proj, u)), project(sites.up_proj, u)); // [B, T, F]
    const f = project(sites.down_proj, gated); // [B, T, E]
    h = add(place, h, adapt(mlp, sites.mlp, { input: u, output: f }));
  }
  return norm('model.norm', h);
}

function head(at: Scope, c: LlamaConfig, { weight }: Pick<ForwardContext, 'weight'>, hidden: Value): Value {
  const name = c.tie_word_embeddings ? 'model.embed_tokens.weight' : 'lm_head.weight';
  return linear(at.at('lm_head'), hidden, weight(name));
}

function hasBias(c: LlamaConfig, kind: SiteKind): boolean {
  const inAttention = kind === 'q_proj' || kind === 'k_proj' || kind === 'v_proj' || kind === 'o_proj';
  return inAttention ? c.attention_bias : c.mlp_bias;
}

function parameters(c: LlamaConfig): ParameterSpec[] {
  const { layers, vocabSize, hiddenSize } = dimensions(c);
  const init: Init = { kind: 'normal', std: c.initializer_range };
  const norm = (module: string): ParameterSpec => ({
    name: `${module}.weight`,
    shape: [hiddenSize],
    init: { kind: 'ones' },
  });
  const projection = ({ module, kind, inFeatures, outFeatures }: Site): ParameterSpec[] => [
    { name: `${module}.weight`, shape: [outFeatures, inFeatures], init },
    ...(hasBias(c, kind) ? [{ name: `${module}.bias`, shape: [outFeatures], init: zeros }] : []),
  ];
  const blocks = Array.from({ length: layers }, (_, layer) => [
    norm(`model.layers.${layer}.input_layernorm`),
    norm(`model.layers.${layer}.post_attention_layernorm`),
    ...Object.values(layerSites(c, layer))
      .filter((site) => site.kind !== 'mlp')
      .flatMap(projection),
  ]);
  return [
    { name: 'model.embed_tokens.weight', shape: [vocabSize, hiddenSize], init },
    ...blocks.flat(),
    norm('model.norm'),
    ...(c.tie_word_embeddings ? [] : [{ name: 'lm_head.weight', shape: [vocabSize, hiddenSize], init }]),
  ];
}

const zeros: Init = { kind: 'zeros' };

export const llama: Architecture<LlamaConfig> = {
  modelType: 'llama',
  config,
  dimensions,
  parameters,
  sites: (c) =>
    Array.from({ length: c.num_hidden_layers }, (_, layer) => Object.values(layerSites(c, layer))).flat(),
  forward,
  head,
};
