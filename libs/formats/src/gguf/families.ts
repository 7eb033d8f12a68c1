import type { JsonObject } from '../strict-json.js';
import type { GgufTensor } from './header.js';
import type { GgufMetadata } from './metadata.js';

/** What a family's own fields of config.json are made from. */
export interface FamilyFacts {
  readonly metadata: GgufMetadata;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly heads: number;
  readonly headDim: number;
}

/** A `general.architecture` that is known. */
export interface GgufFamily {
  /** Hugging Face's. */
  readonly modelType: string;
  /** Hugging Face's modules of a layer by their names here. */
  readonly modules: Readonly<Record<string, string>>;
  /** Whether rows of q and k lie in the order of a RoPE that turns neighbouring pairs. */
  readonly interleavedRope: boolean;
  /** What llama.cpp's converter adds to the weights of norms. */
  readonly normShift: 0 | 1;
  /** The fields of config.json beside those that all families have. */
  readonly config: (facts: FamilyFacts) => JsonObject;
}

const modules = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};
const headNorms = { attn_q_norm: 'self_attn.q_norm', attn_k_norm: 'self_attn.k_norm' };
const gemmaNorms = {
  post_attention_norm: 'post_attention_layernorm',
  ffn_norm: 'pre_feedforward_layernorm',
  post_ffw_norm: 'post_feedforward_layernorm',
};
const plain = { modules, interleavedRope: false, normShift: 0 } as const;

/** By `general.architecture`; Mistral's files say llama. */
export const ggufFamilies: Readonly<Record<string, GgufFamily>> = {
  llama: {
    ...plain,
    modelType: 'llama',
    interleavedRope: true,
    config: ({ tensors }) => ({
      hidden_act: 'silu',
      attention_bias: tensors.has('blk.0.attn_q.bias'),
      mlp_bias: tensors.has('blk.0.ffn_up.bias'),
    }),
  },
  qwen2: {
    ...plain,
    modelType: 'qwen2',
    config: () => ({ hidden_act: 'silu', use_sliding_window: false }),
  },
  qwen3: {
    ...plain,
    modelType: 'qwen3',
    modules: { ...modules, ...headNorms },
    config: ({ tensors }) => ({
      hidden_act: 'silu',
      use_sliding_window: false,
      attention_bias: tensors.has('blk.0.attn_q.bias'),
    }),
  },
  gemma2: {
    ...plain,
    modelType: 'gemma2',
    modules: { ...modules, ...gemmaNorms },
    normShift: 1,
    config: (facts) => ({
      ...gemmaConfig(facts, 'gemma2', 46),
      attn_logit_softcapping: facts.metadata.number('gemma2.attn_logit_softcapping'),
      final_logit_softcapping: facts.metadata.number('gemma2.final_logit_softcapping'),
    }),
  },
  gemma3: {
    ...plain,
    modelType: 'gemma3_text',
    modules: { ...modules, ...headNorms, ...gemmaNorms },
    normShift: 1,
    config: (facts) => ({
      ...gemmaConfig(facts, 'gemma3', 62),
      sliding_window_pattern: facts.metadata.optionalInteger('gemma3.attention.sliding_window_pattern') ?? 6,
      rope_local_base_freq: facts.metadata.optionalNumber('gemma3.rope.freq_base_swa') ?? 10_000,
    }),
  },
};

/** The largest model of each generation scales scores otherwise; like llama.cpp, it is told by its number of layers. */
function gemmaConfig(facts: FamilyFacts, architecture: string, largest: number): JsonObject {
  const { metadata, layers, hiddenSize, heads, headDim } = facts;
  return {
    hidden_activation: 'gelu_pytorch_tanh',
    sliding_window: metadata.integer(`${architecture}.attention.sliding_window`),
    query_pre_attn_scalar: layers === largest ? hiddenSize / heads : headDim,
  };
}
