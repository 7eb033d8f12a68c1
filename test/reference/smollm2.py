"""Writes reference values of SmolLM2-135M-Instruct from its GGUF file, dequantised to float32.

transformers reads the file; some of its tensors are compared with the file's own, its logits with
`reference_model.py` in float64, and the greedy text must name Paris.

    python smollm2.py /path/to/SmolLM2-135M-Instruct.Q4_1.gguf
"""

import hashlib
import json
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from reference_model import Batch, forward

torch.set_num_threads(1)
logging.disable_progress_bar()
OUT = Path(__file__).parent / "smollm2"
PROMPTS = (
    "The capital of France is",
    "Water boils at a temperature of",
    "<|im_start|>user\nName three primary colours.<|im_end|>\n<|im_start|>assistant\n",
)
DECODE_STEPS, TOP = 8, 20


def top(logits):
    values, ids = logits.topk(TOP)
    return {"ids": ids.tolist(), "logits": [float(f"{v:.7g}") for v in values.tolist()]}


def unpermute(rows, heads):
    """llama.cpp stores q and k with rotary pairs side by side (2i, 2i + 1); Hugging Face pairs i, i + D/2."""
    return rows.reshape(heads, rows.shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(rows.shape)


def check_weights(network, path):
    """Compares one tensor of each kind, bit by bit, with the file's own dequantised tensor."""
    parameters, config = dict(network.named_parameters()), network.config
    layer, heads = "model.layers.0", {"q": config.num_attention_heads, "k": config.num_key_value_heads}
    names = {
        "token_embd.weight": "model.embed_tokens.weight",
        "blk.0.attn_q.weight": f"{layer}.self_attn.q_proj.weight",
        "blk.0.attn_k.weight": f"{layer}.self_attn.k_proj.weight",
        "blk.0.attn_v.weight": f"{layer}.self_attn.v_proj.weight",
        "blk.0.ffn_down.weight": f"{layer}.mlp.down_proj.weight",
    }
    for tensor in gguf.GGUFReader(path).tensors:
        if tensor.name in names:
            expected = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
            kind = tensor.name.removeprefix("blk.0.attn_").removesuffix(".weight")
            expected = unpermute(expected, heads[kind]) if kind in heads else expected
            assert np.array_equal(parameters[names[tensor.name]].detach().numpy(), expected), tensor.name


@torch.no_grad()
def float64_gap(network, ids, logits):
    """Largest difference of the stored float32 logits from `reference_model.py` in float64."""
    config = network.config.to_dict()
    weights = {name: value.double() for name, value in network.named_parameters()}
    batch = Batch(ids, torch.arange(ids.shape[1])[None], torch.ones_like(ids))
    exact = forward(config, weights, batch)[0][0, -1]
    return float((logits.double() - exact).abs().max())


@torch.no_grad()
def greedy(network, ids):
    """The prefill's and each decode step's last logits, and the tokens that they choose."""
    out = network(input_ids=ids, use_cache=True)
    logits = [out.logits[0, -1]]
    for _ in range(DECODE_STEPS):
        step = network(
            input_ids=logits[-1].argmax().view(1, 1), past_key_values=out.past_key_values, use_cache=True
        )
        logits.append(step.logits[0, -1])
    return logits, [int(row.argmax()) for row in logits]


def make(path):
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    network = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    check_weights(network, path)
    prompts, full = [], None
    for text in PROMPTS:
        ids = tokenizer(text, return_tensors="pt", add_special_tokens=False).input_ids
        logits, tokens = greedy(network, ids)
        full = logits[0] if full is None else full
        prompts.append(
            {
                "text": text,
                "input_ids": ids[0].tolist(),
                "prefill": top(logits[0]),
                "tokens": tokens,
                "float64_difference": float64_gap(network, ids, logits[0]),
                "decode": [top(row) for row in logits[1:]],
                "continuation": tokenizer.decode(tokens[:DECODE_STEPS]),
            }
        )
        margin = min(float(-row.topk(2).values.diff()) for row in logits)
        print(repr(text), repr(prompts[-1]["continuation"]), f"smallest margin {margin:.3f}")
        print(f"float32 against float64: {prompts[-1]['float64_difference']:.2e}")
    assert "Paris" in prompts[0]["continuation"]
    OUT.mkdir(exist_ok=True)
    save_file({"logits": full.contiguous()}, OUT / "logits.safetensors")
    (OUT / "logits.safetensors").chmod(0o644)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    out = {"file": path.name, "sha256": digest, "config": shape(network.config), "prompts": prompts}
    (OUT / "golden.json").write_text(json.dumps(out, indent=1) + "\n")


def shape(config):
    keys = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
    keys += ("num_key_value_heads", "max_position_embeddings", "rms_norm_eps", "tie_word_embeddings")
    theta = config.rope_parameters["rope_theta"]
    return {k: getattr(config, k) for k in keys} | {"rope_theta": theta}


if __name__ == "__main__":
    make(Path(sys.argv[1]))
