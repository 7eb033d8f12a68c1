import { add, split } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';
import { z } from 'zod';
import { geluNew } from '../layers/activations.js';
import { embedding } from '../layers/embedding.js';
import { conv1d, linear } from '../layers/linear.js';
import { moduleScope } from '../layers/module-scope.js';
import { layerNorm } from '../layers/norms.js';
import type { Init, ParameterSpec } from '../random/initialise.js';
import type { Architecture, Dimensions, ForwardContext } from './architecture.js';
import { only, size } from './config-fields.js';
import type { Site, SiteKind } from './site.js';

const config = z
  .object({
    model_type: z.literal('gpt2'),
    vocab_size: size.default(50_257),
    n_embd: size.default(768),
    n_layer: size.default(12),
    n_head: size.default(12),
    n_inner: size.nullish(),
    n_positions: size.default(1024),
    activation_function: only('gelu_new').default('gelu_new'),
    layer_norm_epsilon: z.number().positive().default(1e-5),
    initializer_range: z.number().positive().default(0.02),
    scale_attn_weights: only(true).default(true),
    scale_attn_by_inverse_layer_idx: only(false).default(false),
    add_cross_attention: only(false).default(false),
    tie_word_embeddings: only(true, 'the head is the embedding').default(true),
  })
  .refine((c) => c.n_embd % c.n_head === 0, { error: 'must divide n_embd', path: ['n_head'] });

export type Gpt2Config = z.infer<typeof config>;

function dimensions(c: Gpt2Config): Dimensions {
  return {
    layers: c.n_layer,
    hiddenSize: c.n_embd,
    heads: c.n_head,
    kvHeads: c.n_head,
    headDim: c.n_embd / c.n_head,
    vocabSize: c.vocab_size,
    maxPositions: c.n_positions,
    rope: undefined,
  };
}

type Gpt2SiteKind = Exclude<SiteKind, 'gate_proj'>;

/**
 * The modules of layer `i` that an adapter may change. Queries, keys and values are thirds of the fused
 * `c_attn`, each a site of its own beside it.
 */
function layerSites(c: Gpt2Config, layer: number): Record<Gpt2SiteKind, Site> {
  const site = (kind: Gpt2SiteKind, module: string, inFeatures: number, outFeatures: number): Site => ({
    module: `transformer.h.${layer}.${module}`,
    kind,
    layer,
    inFeatures,
    outFeatures,
  });
  const inner = innerSize(c);
  return {
    q_proj: site('q_proj', 'attn.q_proj', c.n_embd, c.n_embd),
    k_proj: site('k_proj', 'attn.k_proj', c.n_embd, c.n_embd),
    v_proj: site('v_proj', 'attn.v_proj', c.n_embd, c.n_embd),
    o_proj: site('o_proj', 'attn.c_proj', c.n_embd, c.n_embd),
    up_proj: site('up_proj', 'mlp.c_fc', c.n_embd, inner),
    down_proj: site('down_proj', 'mlp.c_proj', inner, c.n_embd),
    mlp: site('mlp', 'mlp', c.n_embd, c.n_embd),
  };
}

function innerSize(c: Gpt2Config): number {
  return c.n_inner ?? 4 * c.n_embd;
}

/** The pre-norm decoder with learned positions, biases throughout and a GELU feed-forward. Dropout is off. */
function forward(at: Scope, c: Gpt2Config, context: ForwardContext): Value {
  const { weight, inputIds, positionIds, attention, adapt } = context;
  const norm = (module: string, x: Value): Value =>
    layerNorm(
      moduleScope(at, module),
      x,
      weight(`${module}.weight`),
      weight(`${module}.bias`),
      c.layer_norm_epsilon,
    );
  const affine = (module: string, x: Value): Value =>
    conv1d(moduleScope(at, module), x, weight(`${module}.weight`), weight(`${module}.bias`));
  const project = (site: Site, x: Value): Value =>
    adapt(moduleScope(at, site.module), site, { input: x, output: affine(site.module, x) });

  const tokens = embedding(moduleScope(at, 'transformer.wte'), weight('transformer.wte.weight'), inputIds);
  const places = embedding(moduleScope(at, 'transformer.wpe'), weight('transformer.wpe.weight'), positionIds);
  let h = add(at.at('transformer'), tokens, places); // [B, T, E]
  for (let layer = 0; layer < c.n_layer; layer++) {
    const block = `transformer.h.${layer}`;
    const place = moduleScope(at, block);
    const sites = layerSites(c, layer);

    const x = norm(`${block}.ln_1`, h); // [B, T, E]
    const fused = affine(`${block}.attn.c_attn`, x); // [B, T, 3*E]
    const thirds = split(place.at('attn'), fused, { axis: 2, sizes: [c.n_embd, c.n_embd, c.n_embd] });
    const [query, key, value] = [sites.q_proj, sites.k_proj, sites.v_proj].map((site, third) =>
      adapt(moduleScope(at, site.module), site, { input: x, output: thirds[third] ?? fused }),
    ) as [Value, Value, Value];
    const mixed = attention(place.at('attn'), layer, { query, key, value }); // [B, T, E]
    h = add(place, h, project(sites.o_proj, mixed));

    const u = norm(`${block}.ln_2`, h); // [B, T, E]
    const f = project(sites.down_proj, geluNew(place.at('mlp'), project(sites.up_proj, u))); // [B, T, E]
    h = add(place, h, adapt(place.at('mlp'), sites.mlp, { input: u, output: f }));
  }
  return norm('transformer.ln_f', h);
}

function head(at: Scope, _c: Gpt2Config, { weight }: Pick<ForwardContext, 'weight'>, hidden: Value): Value {
  return linear(at.at('lm_head'), hidden, weight('transformer.wte.weight'));
}

function parameters(c: Gpt2Config): ParameterSpec[] {
  const init: Init = { kind: 'normal', std: c.initializer_range };
  // GPT-2 starts the projections into the residual stream smaller, by the number of them.
  const residual: Init = { kind: 'normal', std: c.initializer_range / Math.sqrt(2 * c.n_layer) };
  const norm = (module: string): ParameterSpec[] => [
    { name: `${module}.weight`, shape: [c.n_embd], init: { kind: 'ones' } },
    { name: `${module}.bias`, shape: [c.n_embd], init: { kind: 'zeros' } },
  ];
  const conv = (module: string, rows: number, columns: number, start: Init): ParameterSpec[] => [
    { name: `${module}.weight`, shape: [rows, columns], init: start },
    { name: `${module}.bias`, shape: [columns], init: { kind: 'zeros' } },
  ];
  const blocks = Array.from({ length: c.n_layer }, (_, layer) => {
    const block = `transformer.h.${layer}`;
    return [
      ...norm(`${block}.ln_1`),
      ...conv(`${block}.attn.c_attn`, c.n_embd, 3 * c.n_embd, init),
      ...conv(`${block}.attn.c_proj`, c.n_embd, c.n_embd, residual),
      ...norm(`${block}.ln_2`),
      ...conv(`${block}.mlp.c_fc`, c.n_embd, innerSize(c), init),
      ...conv(`${block}.mlp.c_proj`, innerSize(c), c.n_embd, residual),
    ];
  });
  return [
    { name: 'transformer.wte.weight', shape: [c.vocab_size, c.n_embd], init },
    { name: 'transformer.wpe.weight', shape: [c.n_positions, c.n_embd], init },
    ...blocks.flat(),
    ...norm('transformer.ln_f'),
  ];
}

export const gpt2: Architecture<Gpt2Config> = {
  modelType: 'gpt2',
  config,
  dimensions,
  parameters,
  sites: (c) => Array.from({ length: c.n_layer }, (_, layer) => Object.values(layerSites(c, layer))).flat(),
  forward,
  head,
};
