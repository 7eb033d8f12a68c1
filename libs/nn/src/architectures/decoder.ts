import { add, mul, reshape, scalar, split } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';
import { moduleScope } from '../layers/module-scope.js';
import { addRmsNorm, rmsNorm } from '../layers/norms.js';
import { softCap } from '../layers/soft-cap.js';
import type { ForwardContext } from './architecture.js';
import { decoderSites, type Decoder } from './decoder-config.js';
import type { Site, SiteWeight } from './site.js';

/**
 * The pre-norm decoder with grouped-query attention, rotary positions and a gated feed-forward that most families
 * share; what they differ in is in `Decoder`. N = B*T positions, row after row.
 */
export function decoderForward(at: Scope, d: Decoder, context: ForwardContext): Value {
  const { weights, inputIds, adapt } = context;
  const { layers } = d.dimensions;
  const { norm, addNorm } = normsOf(at, d, context);
  const embed = 'model.embed_tokens';
  const embedded = weights.embedding(moduleScope(at, embed), embed, inputIds);
  const block = (layer: number): string => `model.layers.${layer}`;
  const normBefore = (layer: number): string =>
    layer < layers ? `${block(layer)}.input_layernorm` : 'model.norm';
  let h = adapt.embedding(at.at('model'), scaled(at.at('model'), embedded, d.embeddingScale)); // [N, E]
  let x = norm(normBefore(0), h); // [N, E]
  for (let layer = 0; layer < layers; layer++) {
    const post = (part: 'attention' | 'feedforward', y: Value): Value =>
      d.postNorms ? norm(`${block(layer)}.post_${part}_layernorm`, y) : y;
    const second = d.postNorms ? 'pre_feedforward_layernorm' : 'post_attention_layernorm';
    const a = post('attention', attend(at, d, context, layer, x)); // [N, E]
    [h, x] = addNorm(`${block(layer)}.${second}`, h, a);
    const f = post('feedforward', feedForward(at, d, context, layer, x)); // [N, E]
    [h, x] = addNorm(normBefore(layer + 1), h, f);
  }
  return x;
}

/** Logits of hidden states. */
export function decoderHead(
  at: Scope,
  d: Decoder,
  { weights }: Pick<ForwardContext, 'weights'>,
  hidden: Value,
): Value {
  const module = d.tied ? 'model.embed_tokens' : 'lm_head';
  const [logits = hidden] = weights.linear(at.at('lm_head'), hidden, [{ module, bias: false }]);
  return softCap(at.at('lm_head'), logits, d.logitSoftcap);
}

function attend(at: Scope, d: Decoder, context: ForwardContext, layer: number, x: Value): Value {
  const { attention, adapt } = context;
  const sites = decoderSites(d, layer);
  const place = moduleScope(at, sites.self_attn.module);
  const [query = x, key = x, value = x] = projections(at, d, context, place.at('qkv_proj'), x, [
    sites.q_proj,
    sites.k_proj,
    sites.v_proj,
  ]);
  const normed = (part: 'q_norm' | 'k_norm', heads: Value): Value =>
    d.qkNorm ? headNorm(at, d, context, `${sites.self_attn.module}.${part}`, heads) : heads;
  const mixed = attention(place, layer, {
    query: normed('q_norm', query), // [N, H*D]
    key: normed('k_norm', key), // [N, K*D]
    value, // [N, K*D]
  });
  const [output = x] = projections(at, d, context, place.at('o_proj'), mixed, [sites.o_proj]);
  return adapt.output(place, sites.self_attn, { input: x, output }); // [N, E]
}

function feedForward(at: Scope, d: Decoder, context: ForwardContext, layer: number, u: Value): Value {
  const { adapt } = context;
  const sites = decoderSites(d, layer);
  const place = moduleScope(at, sites.mlp.module);
  const [gate = u, up = u] = projections(at, d, context, place.at('gate_up_proj'), u, [
    sites.gate_proj,
    sites.up_proj,
  ]);
  const gated = mul(place, d.activation(place, gate), up); // [N, F]
  const down = adapt.input(place, sites.down_proj, gated);
  const [output = u] = projections(at, d, context, place.at('down_proj'), down, [sites.down_proj]);
  return adapt.output(place, sites.mlp, { input: u, output });
}

/** The outputs of projections of one input, adapted; families that store them as one matrix have it split here. */
function projections(
  at: Scope,
  d: Decoder,
  { weights, adapt }: ForwardContext,
  place: Scope,
  input: Value,
  sites: readonly Site[],
): readonly Value[] {
  const fused = d.fusedModule(sites);
  const sizes = sites.map(({ outFeatures }) => outFeatures);
  const products = fused
    ? split(place, weights.linear(place, input, [fused])[0] ?? input, { axis: 1, sizes })
    : weights.linear(
        place,
        input,
        sites.map(({ module, kind }) => ({ module, bias: d.hasBias(kind) })),
      );
  return sites.map((site, index) =>
    adapt.output(moduleScope(at, site.module), site, {
      input,
      output: products[index] ?? input,
      weight: () => siteWeight(place, d, weights, sites, index),
    }),
  );
}

/** The weight of one of several projections of the same input. */
function siteWeight(
  at: Scope,
  d: Decoder,
  { tensor }: ForwardContext['weights'],
  sites: readonly Site[],
  index: number,
): SiteWeight {
  const fused = d.fusedModule(sites);
  const sizes = sites.map(({ outFeatures }) => outFeatures);
  const part = (name: string): Value => {
    if (!fused) return tensor(`${sites[index]?.module ?? ''}.${name}`);
    const whole = tensor(`${fused.module}.${name}`);
    return split(at, whole, { axis: 0, sizes })[index] ?? whole;
  };
  const bias = fused?.bias ?? d.hasBias(sites[index]?.kind ?? 'mlp');
  return { matrix: part('weight'), outFirst: true, bias: bias ? part('bias') : undefined };
}

interface Norms {
  /** The norm of that name of x. */
  readonly norm: (module: string, x: Value) => Value;
  /** h + x, and the norm of that name of it. */
  readonly addNorm: (module: string, h: Value, x: Value) => [sum: Value, normed: Value];
}

function normsOf(at: Scope, d: Decoder, { weights }: ForwardContext): Norms {
  const epsilon = d.normEpsilon;
  const weightOf = (place: Scope, module: string): Value => {
    const weight = weights.tensor(`${module}.weight`);
    // Gemma stores what is added to 1.
    return d.normPlusOne ? add(place, weight, scalar(place, 1)) : weight;
  };
  return {
    norm: (module, x) => {
      const place = moduleScope(at, module);
      return rmsNorm(place, x, weightOf(place, module), epsilon);
    },
    addNorm: (module, h, x) => {
      const place = moduleScope(at, module);
      const { sum, normed } = addRmsNorm(place, h, x, { weight: weightOf(place, module), epsilon });
      return [sum, normed];
    },
  };
}

/** The norm of each head by itself: [N, heads*D]. */
function headNorm(at: Scope, d: Decoder, context: ForwardContext, module: string, x: Value): Value {
  const { headDim } = d.dimensions;
  const place = moduleScope(at, module);
  const [rows = 1, width = 1] = x.shape;
  const heads = reshape(place, x, [rows, Number(width) / headDim, headDim]);
  return reshape(place, normsOf(at, d, context).norm(module, heads), [rows, width]);
}

function scaled(at: Scope, x: Value, factor: number | undefined): Value {
  return factor === undefined ? x : mul(at, x, scalar(at, factor));
}
