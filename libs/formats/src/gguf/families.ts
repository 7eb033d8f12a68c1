import type { JsonObject } from '../strict-json.js';
import { decoderConfig, fullRope, shortestFloat32, type FamilyFacts } from './family-facts.js';
import { headwiseQkv, loweredNorms, orderedHeads, turnedMatrices, type Restore } from './restore.js';

/** A `general.architecture` that is known. */
export interface GgufFamily {
  /** Hugging Face's. */
  readonly modelType: string;
  /** Hugging Face's modules outside the layers by their names here. */
  readonly topModules: Readonly<Record<string, string>>;
  /** What Hugging Face's names of a layer's modules begin with, before its number. */
  readonly layerPrefix: string;
  /** Hugging Face's modules of a layer by their names here. */
  readonly modules: Readonly<Record<string, string>>;
  readonly restore?: Restore;
  /** config.json without what all families have: the model type, the vocabulary, special tokens. */
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
const decoder = {
  topModules: { token_embd: 'model.embed_tokens', output_norm: 'model.norm', output: 'lm_head' },
  layerPrefix: 'model.layers',
  modules,
};

const PARALLEL = 'gptneox.use_parallel_residual';

/** By `general.architecture`; Mistral's files say llama. */
export const ggufFamilies: Readonly<Record<string, GgufFamily>> = {
  llama: {
    ...decoder,
    modelType: 'llama',
    restore: orderedHeads,
    config: (facts) => ({
      ...decoderConfig(facts),
      ...fullRope(facts),
      hidden_act: 'silu',
      attention_bias: facts.tensors.has('blk.0.attn_q.bias'),
      mlp_bias: facts.tensors.has('blk.0.ffn_up.bias'),
    }),
  },
  qwen2: {
    ...decoder,
    modelType: 'qwen2',
    config: (facts) => ({
      ...decoderConfig(facts),
      ...fullRope(facts),
      hidden_act: 'silu',
      use_sliding_window: false,
    }),
  },
  qwen3: {
    ...decoder,
    modelType: 'qwen3',
    modules: { ...modules, ...headNorms },
    config: (facts) => ({
      ...decoderConfig(facts),
      ...fullRope(facts),
      hidden_act: 'silu',
      use_sliding_window: false,
      attention_bias: facts.tensors.has('blk.0.attn_q.bias'),
    }),
  },
  gemma2: {
    ...decoder,
    modelType: 'gemma2',
    modules: { ...modules, ...gemmaNorms },
    restore: loweredNorms,
    config: (facts) => ({
      ...gemmaConfig(facts, 46),
      attn_logit_softcapping: facts.metadata.number('gemma2.attn_logit_softcapping'),
      final_logit_softcapping: facts.metadata.number('gemma2.final_logit_softcapping'),
    }),
  },
  gemma3: {
    ...decoder,
    modelType: 'gemma3_text',
    modules: { ...modules, ...headNorms, ...gemmaNorms },
    restore: loweredNorms,
    config: (facts) => ({
      ...gemmaConfig(facts, 62),
      sliding_window_pattern: facts.metadata.optionalInteger('gemma3.attention.sliding_window_pattern') ?? 6,
      rope_local_base_freq: facts.metadata.optionalNumber('gemma3.rope.freq_base_swa') ?? 10_000,
    }),
  },
  phi3: {
    ...decoder,
    modelType: 'phi3',
    modules: { ...modules, attn_qkv: 'self_attn.qkv_proj', ffn_up: 'mlp.gate_up_proj' },
    config: (facts) => ({
      ...decoderConfig(facts),
      partial_rotary_factor: facts.rotaryDim / facts.headDim,
      hidden_act: 'silu',
      attention_bias: false,
      sliding_window: windowOf(facts),
    }),
  },
  gptneox: {
    modelType: 'gpt_neox',
    topModules: {
      token_embd: 'gpt_neox.embed_in',
      output_norm: 'gpt_neox.final_layer_norm',
      output: 'embed_out',
    },
    layerPrefix: 'gpt_neox.layers',
    modules: {
      attn_norm: 'input_layernorm',
      attn_qkv: 'attention.query_key_value',
      attn_output: 'attention.dense',
      ffn_norm: 'post_attention_layernorm',
      ffn_up: 'mlp.dense_h_to_4h',
      ffn_down: 'mlp.dense_4h_to_h',
    },
    restore: headwiseQkv,
    config: (facts) => ({
      hidden_size: facts.hiddenSize,
      intermediate_size: facts.innerSize,
      num_hidden_layers: facts.layers,
      num_attention_heads: facts.heads,
      max_position_embeddings: facts.contextLength,
      hidden_act: 'gelu',
      layer_norm_eps: shortestFloat32(facts.metadata.number('gptneox.attention.layer_norm_epsilon')),
      rotary_pct: facts.rotaryDim / facts.headDim,
      rotary_emb_base: facts.ropeTheta,
      rope_scaling: facts.ropeScaling,
      use_parallel_residual: !facts.metadata.has(PARALLEL) || facts.metadata.flag(PARALLEL),
      attention_bias: facts.tensors.has('blk.0.attn_qkv.bias'),
      tie_word_embeddings: !facts.tensors.has('output.weight'),
    }),
  },
  gpt2: {
    modelType: 'gpt2',
    topModules: {
      token_embd: 'transformer.wte',
      position_embd: 'transformer.wpe',
      output_norm: 'transformer.ln_f',
      output: 'lm_head',
    },
    layerPrefix: 'transformer.h',
    modules: {
      attn_norm: 'ln_1',
      attn_qkv: 'attn.c_attn',
      attn_output: 'attn.c_proj',
      ffn_norm: 'ln_2',
      ffn_up: 'mlp.c_fc',
      ffn_down: 'mlp.c_proj',
    },
    restore: turnedMatrices,
    config: (facts) => ({
      n_embd: facts.hiddenSize,
      n_inner: facts.innerSize,
      n_layer: facts.layers,
      n_head: facts.heads,
      n_positions: facts.contextLength,
      activation_function: 'gelu_new',
      layer_norm_epsilon: shortestFloat32(facts.metadata.number('gpt2.attention.layer_norm_epsilon')),
      tie_word_embeddings: !facts.tensors.has('output.weight'),
    }),
  },
};

/** 0 says that there is none. */
function windowOf({ metadata, key }: FamilyFacts): number | null {
  const window = metadata.optionalInteger(key('attention.sliding_window')) ?? 0;
  return window === 0 ? null : window;
}

/** The largest model of each generation scales scores otherwise; like llama.cpp, it is told by its number of layers. */
function gemmaConfig(facts: FamilyFacts, largest: number): JsonObject {
  const { metadata, layers, hiddenSize, heads, headDim, key } = facts;
  return {
    ...decoderConfig(facts),
    ...fullRope(facts),
    hidden_activation: 'gelu_pytorch_tanh',
    sliding_window: metadata.integer(key('attention.sliding_window')),
    query_pre_attn_scalar: layers === largest ? hiddenSize / heads : headDim,
  };
}
