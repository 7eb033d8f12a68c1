import type { Scope, Value } from '@prad/graph';
import type { Projection } from '../layers/weights.js';
import type { Init, ParameterSpec } from '../random/initialise.js';
import type { Dimensions } from './architecture.js';
import type { Site, SiteKind } from './site.js';

/** A decoder of one family and size: what `decoderForward` builds. Modules are named as in LLaMA's files. */
export interface Decoder {
  readonly dimensions: Dimensions;
  /** F: width of the feed-forward. */
  readonly innerSize: number;
  /** Of the gate. */
  readonly activation: (at: Scope, x: Value) => Value;
  readonly normEpsilon: number;
  /** True where the stored norm weight is what is added to 1. */
  readonly normPlusOne: boolean;
  /** True where each branch's output is normed before it is added to the residual stream. */
  readonly postNorms: boolean;
  /** True where each head's queries and keys are normed before the rotation. */
  readonly qkNorm: boolean;
  readonly hasBias: (kind: SiteKind) => boolean;
  /** The one module that stores these projections of one input, where the family has such. */
  readonly fusedModule: (sites: readonly Site[]) => Projection | undefined;
  /** Factor on the token embeddings. */
  readonly embeddingScale?: number | undefined;
  /** Logits z become cap tanh(z / cap). */
  readonly logitSoftcap?: number | undefined;
  /** True where the head is the embedding. */
  readonly tied: boolean;
  /** Standard deviation of fresh weights. */
  readonly initializerRange: number;
}

/** What LLaMA has; families say where they differ. */
export const plainDecoder = {
  normPlusOne: false,
  postNorms: false,
  qkNorm: false,
  hasBias: () => false,
  fusedModule: () => undefined,
} as const satisfies Partial<Decoder>;

/** The modules of a layer that an adapter may change. */
export function decoderSites(d: Decoder, layer: number): Record<SiteKind, Site> {
  const { hiddenSize, heads, kvHeads, headDim } = d.dimensions;
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
    self_attn: site('self_attn', 'self_attn', hiddenSize, hiddenSize),
    gate_proj: site('gate_proj', 'mlp.gate_proj', hiddenSize, d.innerSize),
    up_proj: site('up_proj', 'mlp.up_proj', hiddenSize, d.innerSize),
    down_proj: site('down_proj', 'mlp.down_proj', d.innerSize, hiddenSize),
    mlp: site('mlp', 'mlp', hiddenSize, hiddenSize),
  };
}

/** The sites of all layers, in the order of the forward pass. */
export function allDecoderSites(d: Decoder): readonly Site[] {
  return Array.from({ length: d.dimensions.layers }, (_, layer) =>
    Object.values(decoderSites(d, layer)),
  ).flat();
}

/**
 * Every weight as the family's safetensors file names and shapes it. Weights of projections that share an input are
 * neighbours: an import writes them in this order, and then they are one product (see `storedWeights`).
 */
export function decoderParameters(d: Decoder): readonly ParameterSpec[] {
  const { layers, vocabSize, hiddenSize } = d.dimensions;
  const init: Init = { kind: 'normal', std: d.initializerRange };
  const blocks = Array.from({ length: layers }, (_, layer) => layerParameters(d, layer, init));
  return [
    { name: 'model.embed_tokens.weight', shape: [vocabSize, hiddenSize], init },
    ...blocks.flat(),
    norm(d, 'model.norm', hiddenSize),
    ...(d.tied ? [] : [{ name: 'lm_head.weight', shape: [vocabSize, hiddenSize], init }]),
  ];
}

function layerParameters(d: Decoder, layer: number, init: Init): ParameterSpec[] {
  const { hiddenSize, headDim } = d.dimensions;
  const s = decoderSites(d, layer);
  const norms = [
    'input_layernorm',
    'post_attention_layernorm',
    ...(d.postNorms ? ['pre_feedforward_layernorm', 'post_feedforward_layernorm'] : []),
  ];
  const headNorms = d.qkNorm ? ['self_attn.q_norm', 'self_attn.k_norm'] : [];
  const groups = [[s.q_proj, s.k_proj, s.v_proj], [s.o_proj], [s.gate_proj, s.up_proj], [s.down_proj]];
  return [
    ...norms.map((name) => norm(d, `model.layers.${layer}.${name}`, hiddenSize)),
    ...headNorms.map((name) => norm(d, `model.layers.${layer}.${name}`, headDim)),
    ...groups.flatMap((sites) => projectionParameters(d, sites, init)),
  ];
}

/** Weights first, then biases, so that both lie side by side. */
function projectionParameters(d: Decoder, sites: readonly Site[], init: Init): ParameterSpec[] {
  const inFeatures = sites[0]?.inFeatures ?? 0;
  const fused = d.fusedModule(sites);
  const stored = fused
    ? [{ ...fused, out: sites.reduce((sum, { outFeatures }) => sum + outFeatures, 0) }]
    : sites.map(({ module, kind, outFeatures }) => ({ module, bias: d.hasBias(kind), out: outFeatures }));
  return [
    ...stored.map(({ module, out }) => ({ name: `${module}.weight`, shape: [out, inFeatures], init })),
    ...stored.flatMap(({ module, bias, out }): ParameterSpec[] =>
      bias ? [{ name: `${module}.bias`, shape: [out], init: { kind: 'zeros' } }] : [],
    ),
  ];
}

function norm(d: Decoder, module: string, size: number): ParameterSpec {
  return { name: `${module}.weight`, shape: [size], init: { kind: d.normPlusOne ? 'zeros' : 'ones' } };
}
