import { add, split } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';
import { z } from 'zod';
import { geluNew } from '../layers/activations.js';
import { moduleScope } from '../layers/module-scope.js';
import { layerNorm } from '../layers/norms.js';
import type { Init, ParameterSpec } from '../random/initialise.js';
import type { Architecture, Dimensions, ForwardContext } from './architecture.js';
import { only, size } from './config-fields.js';
import type { Site, SiteFlow, SiteKind } from './site.js';

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
    attention: () => ({ scale: 1 / Math.sqrt(c.n_embd / c.n_head) }),
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
    self_attn: site('self_attn', 'attn', c.n_embd, c.n_embd),
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
  const { weights, inputIds, positionIds, adapt } = context;
  const norm = (module: string, x: Value): Value =>
    layerNorm(
      moduleScope(at, module),
      x,
      weights.tensor(`${module}.weight`),
      weights.tensor(`${module}.bias`),
      c.layer_norm_epsilon,
    );
  const embed = (module: string, ids: Value): Value =>
    weights.embedding(moduleScope(at, module), module, ids);

  const place = at.at('transformer');
  const tokens = adapt.embedding(place, embed('transformer.wte', inputIds));
  let h = add(place, tokens, embed('transformer.wpe', positionIds)); // [N, E]
  for (let layer = 0; layer < c.n_layer; layer++) {
    const block = `transformer.h.${layer}`;
    const x = norm(`${block}.ln_1`, h); // [N, E]
    h = add(moduleScope(at, block), h, attend(at, c, context, layer, x));
    const u = norm(`${block}.ln_2`, h); // [N, E]
    h = add(moduleScope(at, block), h, feedForward(at, c, context, layer, u));
  }
  return norm('transformer.ln_f', h);
}

function attend(at: Scope, c: Gpt2Config, context: ForwardContext, layer: number, x: Value): Value {
  const { weights, attention, adapt } = context;
  const sites = layerSites(c, layer);
  const place = moduleScope(at, sites.self_attn.module);
  const module = `${sites.self_attn.module}.c_attn`;
  const thirds = (whole: Value): readonly Value[] =>
    split(place, whole, { axis: whole.shape.length - 1, sizes: [c.n_embd, c.n_embd, c.n_embd] });
  const products = thirds(weights.conv1d(moduleScope(at, module), x, { module, bias: true }));
  const [query, key, value] = [sites.q_proj, sites.k_proj, sites.v_proj].map((site, index) =>
    adapt.output(moduleScope(at, site.module), site, {
      input: x,
      output: products[index] ?? x,
      weight: () => ({
        matrix: thirds(weights.tensor(`${module}.weight`))[index] ?? x,
        outFirst: false,
        bias: thirds(weights.tensor(`${module}.bias`))[index],
      }),
    }),
  ) as [Value, Value, Value];
  const mixed = attention(place, layer, { query, key, value }); // [N, E]
  const output = project(at, context, sites.o_proj, mixed);
  return adapt.output(place, sites.self_attn, { input: x, output });
}

function feedForward(at: Scope, c: Gpt2Config, context: ForwardContext, layer: number, u: Value): Value {
  const { adapt } = context;
  const sites = layerSites(c, layer);
  const place = moduleScope(at, sites.mlp.module);
  const inner = geluNew(place, project(at, context, sites.up_proj, u)); // [N, F]
  const output = project(at, context, sites.down_proj, adapt.input(place, sites.down_proj, inner));
  return adapt.output(place, sites.mlp, { input: u, output });
}

function project(at: Scope, { weights, adapt }: ForwardContext, site: Site, input: Value): Value {
  const { module } = site;
  const place = moduleScope(at, module);
  const flow: SiteFlow = {
    input,
    output: weights.conv1d(place, input, { module, bias: true }),
    weight: () => ({
      matrix: weights.tensor(`${module}.weight`),
      outFirst: false,
      bias: weights.tensor(`${module}.bias`),
    }),
  };
  return adapt.output(place, site, flow);
}

function head(at: Scope, _c: Gpt2Config, { weights }: Pick<ForwardContext, 'weights'>, hidden: Value): Value {
  const [logits = hidden] = weights.linear(at.at('lm_head'), hidden, [
    { module: 'transformer.wte', bias: false },
  ]);
  return logits;
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
