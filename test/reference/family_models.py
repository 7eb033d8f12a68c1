"""Writes a tiny random model of every further family as a Hugging Face folder.

config.json has the classic keys of that family's checkpoints on the Hub (rope_theta, rope_scaling, sliding_window, ...)
with small numbers, and the weights have the Hub's names. `config.saved.json` is the same config as transformers 5
saves it (rope_parameters, layer_types). One folder stores bf16, one fp16 and one is sharded, see `STORAGE`.

    python family_models.py
"""

import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

HERE = Path(__file__).parent

TOKENS = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
COMMON = {
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "initializer_range": 0.02,
    "use_cache": True,
    "torch_dtype": "float32",
    **TOKENS,
}
SILU = {"hidden_act": "silu", "attention_dropout": 0.0}
GEMMA = {
    "attention_bias": False,
    "attention_dropout": 0.0,
    "head_dim": 16,
    "hidden_activation": "gelu_pytorch_tanh",
    "rms_norm_eps": 1e-6,
    "cache_implementation": "hybrid",
    "sliding_window": 4,
    "num_hidden_layers": 4,
}
NEOX = {
    **{k: v for k, v in COMMON.items() if k != "num_key_value_heads"},
    "architectures": ["GPTNeoXForCausalLM"],
    "model_type": "gpt_neox",
    "num_attention_heads": 2,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-5,
    "rotary_emb_base": 10000,
    "rotary_pct": 0.25,
    "tie_word_embeddings": False,
    "use_parallel_residual": True,
}
LLAMA = {
    **COMMON,
    **SILU,
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "attention_bias": False,
    "mlp_bias": False,
    "pretraining_tp": 1,
    "rms_norm_eps": 1e-5,
}

CONFIGS = {
    "mistral": {
        **COMMON,
        **SILU,
        "architectures": ["MistralForCausalLM"],
        "model_type": "mistral",
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "sliding_window": 4,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
    },
    # Its files name a window that `use_sliding_window` turns off.
    "qwen2": {
        **COMMON,
        **SILU,
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "max_window_layers": 1,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1000000.0,
        "sliding_window": 4,
        "tie_word_embeddings": True,
        "use_sliding_window": False,
    },
    "qwen3": {
        **COMMON,
        **SILU,
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "attention_bias": False,
        "head_dim": 16,
        "max_window_layers": 2,
        "rms_norm_eps": 1e-6,
        "rope_scaling": None,
        "rope_theta": 1000000,
        "sliding_window": None,
        "tie_word_embeddings": False,
        "use_sliding_window": False,
    },
    # No key says that gemma ties its embeddings: that is the family's default.
    "gemma2": {
        **COMMON,
        **GEMMA,
        "architectures": ["Gemma2ForCausalLM"],
        "model_type": "gemma2",
        "attn_logit_softcapping": 3.0,
        "final_logit_softcapping": 8.0,
        "hidden_act": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": 24,
        "rope_theta": 10000.0,
    },
    "gemma3_text": {
        **COMMON,
        **GEMMA,
        "architectures": ["Gemma3ForCausalLM"],
        "model_type": "gemma3_text",
        "attn_logit_softcapping": None,
        "final_logit_softcapping": None,
        "query_pre_attn_scalar": 12,
        "rope_local_base_freq": 1000,
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
        "rope_theta": 1000000,
        "sliding_window_pattern": 3,
    },
    "phi3": {
        **COMMON,
        **SILU,
        "architectures": ["Phi3ForCausalLM"],
        "model_type": "phi3",
        "attention_bias": False,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "original_max_position_embeddings": 128,
        "partial_rotary_factor": 0.75,
        "hidden_size": 48,
        "num_attention_heads": 3,
        "num_key_value_heads": 1,
        "rms_norm_eps": 1e-5,
        "rope_scaling": None,
        "rope_theta": 10000.0,
        "sliding_window": 6,
        "tie_word_embeddings": False,
    },
    "gpt_neox": {**NEOX, "torch_dtype": "float16"},
    "gpt_neox-serial": {**NEOX, "use_parallel_residual": False, "rotary_pct": 0.5},
    "llama3": {
        **LLAMA,
        "head_dim": 16,
        "rope_scaling": {
            "factor": 8.0,
            "high_freq_factor": 4.0,
            "low_freq_factor": 1.0,
            "original_max_position_embeddings": 64,
            "rope_type": "llama3",
        },
        "rope_theta": 500000.0,
        "tie_word_embeddings": True,
    },
    # `type` is the older name of `rope_type`.
    "llama-linear": {
        **LLAMA,
        "rope_scaling": {"type": "linear", "factor": 4.0},
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
    },
}
# Seeds with clear greedy choices and many different tokens.
SEEDS = {
    "mistral": 114,
    "qwen2": 122,
    "qwen3": 110,
    "gemma2": 204,
    "gemma3_text": 209,
    "phi3": 133,
    "gpt_neox": 158,
    "gpt_neox-serial": 156,
    "llama3": 144,
    "llama-linear": 132,
}
# Folders that are stored otherwise than as one F32 file: a dtype, or a number of shards.
STORAGE = {"mistral": torch.bfloat16, "gpt_neox": torch.float16, "qwen3": 2}
# The Hub's name where transformers 5 renames on loading.
RENAMED = {"gpt_neox": {"lm_head.weight": "embed_out.weight"}}


def random_weights(config, seed):
    """Normal weights of std 0.2 under the Hub's names; norm weights are around 1 (gemma: 0, since it adds 1 itself)."""
    network = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config))
    parameters = {k: v.shape for k, v in network.named_parameters()}  # a tied weight appears once
    rng = np.random.default_rng(seed)
    renamed = RENAMED.get(config["model_type"], {})
    weights = {}
    for name, shape in sorted(parameters.items()):
        noise = 0.2 * rng.standard_normal(tuple(shape))
        around_one = name.endswith(".weight") and len(shape) == 1 and "gemma" not in config["model_type"]
        value = 1.0 + noise if around_one else noise
        weights[renamed.get(name, name)] = torch.from_numpy(value).float()
    return weights


def neox_buffers(config):
    """Buffers of older transformers that the Pythia files on the Hub still hold; a loader has to pass over them."""
    size, heads = config["max_position_embeddings"], config["num_attention_heads"]
    rotary = int(config["hidden_size"] // heads * config["rotary_pct"])
    frequencies = config["rotary_emb_base"] ** -(torch.arange(0, rotary, 2).float() / rotary)
    out = {}
    for layer in range(config["num_hidden_layers"]):
        path = f"gpt_neox.layers.{layer}.attention"
        out[f"{path}.bias"] = torch.ones(size, size, dtype=torch.bool).tril()[None, None].clone()
        out[f"{path}.masked_bias"] = torch.tensor(-1e9)
        out[f"{path}.rotary_emb.inv_freq"] = frequencies.clone()
    return out


def store(path, weights):
    save_file(weights, path, metadata={"format": "pt"})
    path.chmod(0o644)


def store_shards(folder, weights, count):
    names = sorted(weights)
    size = -(-len(names) // count)
    index = {}
    for i in range(count):
        part = {name: weights[name] for name in names[i * size : (i + 1) * size]}
        file = f"model-{i + 1:05d}-of-{count:05d}.safetensors"
        store(folder / file, part)
        index |= dict.fromkeys(part, file)
    total = sum(v.numel() * v.element_size() for v in weights.values())
    text = json.dumps({"metadata": {"total_size": total}, "weight_map": index}, indent=2)
    (folder / "model.safetensors.index.json").write_text(text + "\n")


def write(name):
    config, folder = CONFIGS[name], HERE / name
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(dict(sorted(config.items())), indent=2) + "\n")
    with tempfile.TemporaryDirectory() as scratch:
        AutoConfig.from_pretrained(folder).save_pretrained(scratch)
        saved = (Path(scratch) / "config.json").read_text()
    assert "rope_parameters" in saved and "rope_scaling" not in saved, "transformers 5 has another form"
    (folder / "config.saved.json").write_text(saved)
    weights, storage = random_weights(config, SEEDS[name]), STORAGE.get(name)
    if isinstance(storage, int):
        return store_shards(folder, weights, storage)
    if storage is not None:
        weights = {k: v.to(storage) for k, v in weights.items()}
    if name == "gpt_neox":
        weights |= neox_buffers(config)
    store(folder / "model.safetensors", weights)


if __name__ == "__main__":
    for family in CONFIGS:
        write(family)
