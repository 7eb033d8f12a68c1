"""Writes three tiny random models as Hugging Face folders (config.json, model.safetensors in F32).

Weights are large (std 0.2, norm weights far from 1, biases far from 0), so that a wrong sign,
transposition or missing term shows at once. numpy's PCG64 makes them the same on every machine.

    python tiny_models.py
"""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

HERE = Path(__file__).parent

LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "hidden_act": "silu",
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "rope_scaling": None,
    "attention_bias": False,
    "mlp_bias": False,
    "tie_word_embeddings": True,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 2,
    "torch_dtype": "float32",
}

# The form that transformers 5 writes: the rope base lies in `rope_parameters`, the dtype in `dtype`.
LLAMA_UNTIED = {
    **{k: v for k, v in LLAMA.items() if k not in ("rope_theta", "rope_scaling", "torch_dtype")},
    "rope_parameters": {"rope_type": "default", "rope_theta": 500.0},
    "attention_bias": True,
    "tie_word_embeddings": False,
    "dtype": "float32",
}

GPT2 = {
    "architectures": ["GPT2LMHeadModel"],
    "model_type": "gpt2",
    "vocab_size": 96,
    "n_embd": 32,
    "n_layer": 3,
    "n_head": 4,
    "n_inner": None,
    "n_positions": 64,
    "n_ctx": 64,
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-5,
    "embd_pdrop": 0.1,
    "attn_pdrop": 0.1,
    "resid_pdrop": 0.1,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 2,
    "torch_dtype": "float32",
}


def llama_shapes(c):
    e, f, v = c["hidden_size"], c["intermediate_size"], c["vocab_size"]
    kv = e * c["num_key_value_heads"] // c["num_attention_heads"]
    shapes = {"model.embed_tokens.weight": (v, e), "model.norm.weight": (e,)}
    for i in range(c["num_hidden_layers"]):
        layer = f"model.layers.{i}"
        shapes[f"{layer}.input_layernorm.weight"] = (e,)
        shapes[f"{layer}.post_attention_layernorm.weight"] = (e,)
        for name, out in (("q", e), ("k", kv), ("v", kv), ("o", e)):
            shapes[f"{layer}.self_attn.{name}_proj.weight"] = (out, e)
            if c["attention_bias"]:
                shapes[f"{layer}.self_attn.{name}_proj.bias"] = (out,)
        shapes[f"{layer}.mlp.gate_proj.weight"] = (f, e)
        shapes[f"{layer}.mlp.up_proj.weight"] = (f, e)
        shapes[f"{layer}.mlp.down_proj.weight"] = (e, f)
    if not c["tie_word_embeddings"]:
        shapes["lm_head.weight"] = (v, e)
    return shapes


def gpt2_shapes(c):
    e, f, v = c["n_embd"], 4 * c["n_embd"], c["vocab_size"]
    shapes = {
        "transformer.wte.weight": (v, e),
        "transformer.wpe.weight": (c["n_positions"], e),
        "transformer.ln_f.weight": (e,),
        "transformer.ln_f.bias": (e,),
    }
    for i in range(c["n_layer"]):
        block = f"transformer.h.{i}"
        for norm in ("ln_1", "ln_2"):
            shapes[f"{block}.{norm}.weight"] = (e,)
            shapes[f"{block}.{norm}.bias"] = (e,)
        # Conv1D layout: [in, out].
        for name, (rows, columns) in {
            "attn.c_attn": (e, 3 * e),
            "attn.c_proj": (e, e),
            "mlp.c_fc": (e, f),
            "mlp.c_proj": (f, e),
        }.items():
            shapes[f"{block}.{name}.weight"] = (rows, columns)
            shapes[f"{block}.{name}.bias"] = (columns,)
    return shapes


def random_weights(shapes, seed):
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in sorted(shapes.items()):
        noise = 0.2 * rng.standard_normal(shape)
        is_norm = name.endswith(".weight") and len(shape) == 1
        weights[name] = (1.0 + noise if is_norm else noise).astype(np.float32)
    return weights


def write(folder, config, shapes, seed):
    target = HERE / folder
    target.mkdir(exist_ok=True)
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    path = target / "model.safetensors"
    save_file(random_weights(shapes, seed), path, metadata={"format": "pt"})
    path.chmod(0o644)


if __name__ == "__main__":
    write("llama", LLAMA, llama_shapes(LLAMA), seed=1)
    write("llama-untied", LLAMA_UNTIED, llama_shapes(LLAMA_UNTIED), seed=2)
    write("gpt2", GPT2, gpt2_shapes(GPT2), seed=3)
