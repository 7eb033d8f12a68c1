import { add, reshape, split } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';
import { z } from 'zod';
import { gelu } from '../layers/activations.js';
import { moduleScope } from '../layers/module-scope.js';
import { layerNorm } from '../layers/norms.js';
import type { Init, ParameterSpec } from '../random/initialise.js';
import type { Architecture, Dimensions, ForwardContext } from './architecture.js';
import { only, size } from './config-fields.js';
import { ropeFields, ropeOf } from './rope-fields.js';
import type { Site, SiteKind } from './site.js';

const { rope_scaling, rope_parameters } = ropeFields;

const config = z
  .object({
    model_type: z.literal('gpt_neox'),
    vocab_size: size,
    hidden_size: size,
    intermediate_size: size,
    num_hidden_layers: size,
    num_attention_heads: size,
    max_position_embeddings: size,
    hidden_act: only('gelu').default('gelu'),
    layer_norm_eps: z.number().positive().default(1e-5),
    rotary_emb_base: z.number().positive().default(10_000),
    rotary_pct: z.number().positive().max(1).default(0.25),
    rope_scaling,
    rope_parameters,
    use_parallel_residual: z.boolean().default(true),
    attention_bias: z.boolean().default(true),
    tie_word_embeddings: z.boolean().default(false),
    initializer_range: z.number().positive().default(0.02),
  })
  .refine((c) => c.hidden_size % c.num_attention_heads === 0, {
    error: 'must divide hidden_size',
    path: ['num_attention_heads'],
  });

export type GptNeoxConfig = z.infer<typeof config>;

const headDimOf = (c: GptNeoxConfig): number => c.hidden_size / c.num_attention_heads;

function dimensions(c: GptNeoxConfig): Dimensions {
  const headDim = headDimOf(c);
  const rope = ropeOf({ ...c, rope_theta: c.rotary_emb_base, partial_rotary_factor: c.rotary_pct }, headDim);
  return {
    layers: c.num_hidden_layers,
    hiddenSize: c.hidden_size,
    heads: c.num_attention_heads,
    kvHeads: c.num_attention_heads,
    headDim,
    vocabSize: c.vocab_size,
    maxPositions: c.max_position_embeddings,
    attention: () => ({ scale: 1 / Math.sqrt(headDim), rope }),
  };
}

type GptNeoxSiteKind = Exclude<SiteKind, 'gate_proj'>;

/** The modules of a layer that an adapter may change; `query_key_value` holds three of them. */
function layerSites(c: GptNeoxConfig, layer: number): Record<GptNeoxSiteKind, Site> {
  const [hidden, inner] = [c.hidden_size, c.intermediate_size];
  const site = (kind: GptNeoxSiteKind, module: string, inFeatures: number, outFeatures: number): Site => ({
    module: `gpt_neox.layers.${layer}.${module}`,
    kind,
    layer,
    inFeatures,
    outFeatures,
  });
  return {
    q_proj: site('q_proj', 'attention.q_proj', hidden, hidden),
    k_proj: site('k_proj', 'attention.k_proj', hidden, hidden),
    v_proj: site('v_proj', 'attention.v_proj', hidden, hidden),
    o_proj: site('o_proj', 'attention.dense', hidden, hidden),
    self_attn: site('self_attn', 'attention', hidden, hidden),
    up_proj: site('up_proj', 'mlp.dense_h_to_4h', hidden, inner),
    down_proj: site('down_proj', 'mlp.dense_4h_to_h', inner, hidden),
    mlp: site('mlp', 'mlp', hidden, hidden),
  };
}

/** The pre-norm decoder with partly rotating heads and a GELU feed-forward beside or after attention (Pythia). */
function forward(at: Scope, c: GptNeoxConfig, context: ForwardContext): Value {
  const { weights, inputIds, adapt } = context;
  const norm = (module: string, x: Value): Value =>
    layerNorm(
      moduleScope(at, module),
      x,
      weights.tensor(`${module}.weight`),
      weights.tensor(`${module}.bias`),
      c.layer_norm_eps,
    );
  const embed = 'gpt_neox.embed_in';
  const tokens = weights.embedding(moduleScope(at, embed), embed, inputIds);
  let h = adapt.embedding(at.at('gpt_neox'), tokens); // [N, E]
  for (let layer = 0; layer < c.num_hidden_layers; layer++) {
    const block = `gpt_neox.layers.${layer}`;
    const place = moduleScope(at, block);
    const attended = add(place, h, attend(at, c, context, layer, norm(`${block}.input_layernorm`, h)));
    const seen = c.use_parallel_residual ? h : attended;
    const u = norm(`${block}.post_attention_layernorm`, seen); // [N, E]
    h = add(place, attended, feedForward(at, c, context, layer, u));
  }
  return norm('gpt_neox.final_layer_norm', h);
}

function attend(at: Scope, c: GptNeoxConfig, context: ForwardContext, layer: number, x: Value): Value {
  const { weights, attention, adapt } = context;
  const sites = layerSites(c, layer);
  const place = moduleScope(at, sites.self_attn.module);
  const module = `${sites.self_attn.module}.query_key_value`;
  const bias = c.attention_bias;
  const [product = x] = weights.linear(moduleScope(at, module), x, [{ module, bias }]); // [N, H*3*D]
  const products = byKind(place, c, product, 1);
  const part = (name: string, index: number): Value =>
    byKind(place, c, weights.tensor(`${module}.${name}`), 0)[index] ?? x;
  const [query, key, value] = [sites.q_proj, sites.k_proj, sites.v_proj].map((site, index) =>
    adapt.output(moduleScope(at, site.module), site, {
      input: x,
      output: products[index] ?? x,
      weight: () => ({
        matrix: part('weight', index),
        outFirst: true,
        bias: bias ? part('bias', index) : undefined,
      }),
    }),
  ) as [Value, Value, Value];
  const mixed = attention(place, layer, { query, key, value }); // [N, E]
  const output = project(at, context, sites.o_proj, mixed, bias);
  return adapt.output(place, sites.self_attn, { input: x, output });
}

/** Queries, keys and values of an axis that holds the three of one head after those of the other. */
function byKind(at: Scope, c: GptNeoxConfig, whole: Value, axis: number): readonly Value[] {
  const headDim = headDimOf(c);
  const [before, after] = [whole.shape.slice(0, axis), whole.shape.slice(axis + 1)];
  const heads = reshape(at, whole, [...before, c.num_attention_heads, 3 * headDim, ...after]);
  return split(at, heads, { axis: axis + 1, sizes: [headDim, headDim, headDim] }).map((part) =>
    reshape(at, part, [...before, c.hidden_size, ...after]),
  );
}

function feedForward(at: Scope, c: GptNeoxConfig, context: ForwardContext, layer: number, u: Value): Value {
  const { adapt } = context;
  const sites = layerSites(c, layer);
  const place = moduleScope(at, sites.mlp.module);
  const inner = gelu(place, project(at, context, sites.up_proj, u, true)); // [N, F]
  const output = project(at, context, sites.down_proj, adapt.input(place, sites.down_proj, inner), true);
  return adapt.output(place, sites.mlp, { input: u, output });
}

function project(
  at: Scope,
  { weights, adapt }: ForwardContext,
  site: Site,
  input: Value,
  bias: boolean,
): Value {
  const { module } = site;
  const place = moduleScope(at, module);
  const [output = input] = weights.linear(place, input, [{ module, bias }]);
  return adapt.output(place, site, {
    input,
    output,
    weight: () => ({
      matrix: weights.tensor(`${module}.weight`),
      outFirst: true,
      bias: bias ? weights.tensor(`${module}.bias`) : undefined,
    }),
  });
}

const headModule = (c: GptNeoxConfig): string => (c.tie_word_embeddings ? 'gpt_neox.embed_in' : 'embed_out');

function head(
  at: Scope,
  c: GptNeoxConfig,
  { weights }: Pick<ForwardContext, 'weights'>,
  hidden: Value,
): Value {
  const [logits = hidden] = weights.linear(at.at('embed_out'), hidden, [
    { module: headModule(c), bias: false },
  ]);
  return logits;
}

function parameters(c: GptNeoxConfig): ParameterSpec[] {
  const init: Init = { kind: 'normal', std: c.initializer_range };
  const [hidden, inner] = [c.hidden_size, c.intermediate_size];
  const biasOf = (module: string, out: number): ParameterSpec => ({
    name: `${module}.bias`,
    shape: [out],
    init: { kind: 'zeros' },
  });
  const norm = (module: string): ParameterSpec[] => [
    { name: `${module}.weight`, shape: [hidden], init: { kind: 'ones' } },
    biasOf(module, hidden),
  ];
  const linear = (module: string, out: number, columns: number, bias = true): ParameterSpec[] => [
    { name: `${module}.weight`, shape: [out, columns], init },
    ...(bias ? [biasOf(module, out)] : []),
  ];
  const blocks = Array.from({ length: c.num_hidden_layers }, (_, layer) => {
    const block = `gpt_neox.layers.${layer}`;
    return [
      ...norm(`${block}.input_layernorm`),
      ...linear(`${block}.attention.query_key_value`, 3 * hidden, hidden, c.attention_bias),
      ...linear(`${block}.attention.dense`, hidden, hidden, c.attention_bias),
      ...norm(`${block}.post_attention_layernorm`),
      ...linear(`${block}.mlp.dense_h_to_4h`, inner, hidden),
      ...linear(`${block}.mlp.dense_4h_to_h`, hidden, inner),
    ];
  });
  return [
    { name: 'gpt_neox.embed_in.weight', shape: [c.vocab_size, hidden], init },
    ...blocks.flat(),
    ...norm('gpt_neox.final_layer_norm'),
    ...(c.tie_word_embeddings ? [] : linear('embed_out', c.vocab_size, hidden, false)),
  ];
}

export const gptNeox: Architecture<GptNeoxConfig> = {
  modelType: 'gpt_neox',
  config,
  dimensions,
  parameters,
  sites: (c) =>
    Array.from({ length: c.num_hidden_layers }, (_, layer) => Object.values(layerSites(c, layer))).flat(),
  forward,
  head,
};
