"""Writes the reference values of the folders of family_models.py: forward, generation, golden.json.

Values are transformers' own in float64 (see exact.py), stored as float32.

    python families.py [family ...]
"""

import json
import sys

import numpy as np
import torch
from transformers import AutoConfig, DynamicCache

from cases import DECODE_STEPS, HERE, Model, gap, pad_rows, random_ids, save
from exact import exact_copy, load, logits
from family_models import CONFIGS
from reference_model import Batch

torch.set_num_threads(1)
# Changes of the config that must show in the logits, else the values would not test what the folder is for.
WINDOW = {"sliding_window": None}
MATTERS = {
    "mistral": [WINDOW, {"rope_theta": 500.0}],
    "qwen2": [{"use_sliding_window": True}, {"rope_theta": 10000.0}],
    "qwen3": [{"rope_theta": 10000}],
    "gemma2": [
        {"sliding_window": 64},
        {"attn_logit_softcapping": None},
        {"final_logit_softcapping": None},
        {"query_pre_attn_scalar": 16},
        {"layer_types": ["full_attention", "sliding_attention"] * 2},
    ],
    "gemma3_text": [
        {"sliding_window": 64},
        {"sliding_window_pattern": 2},
        {"rope_local_base_freq": 10000},
        {"rope_scaling": None},
        {"rope_theta": 10000},
        {"query_pre_attn_scalar": 16},
    ],
    "phi3": [{"partial_rotary_factor": 1.0}, WINDOW],
    "gpt_neox": [{"rotary_pct": 1.0}, {"use_parallel_residual": False}, {"hidden_act": "gelu_new"}],
    "gpt_neox-serial": [{"rotary_pct": 1.0}, {"use_parallel_residual": True}],
    "llama3": [{"rope_scaling": None}, {"rope_scaling": {"rope_type": "linear", "factor": 8.0}}],
    "llama-linear": [{"rope_scaling": None}],
}


@torch.no_grad()
def run(network, batch, cache=None):
    return logits(
        network,
        input_ids=batch.ids,
        attention_mask=batch.attention,
        position_ids=batch.positions,
        past_key_values=cache,
        use_cache=cache is not None,
    )


def forward_golden(folder, low, high, differences):
    rng = np.random.default_rng(11)
    tensors = {}
    ids = random_ids(rng, (2, 10))
    batches = {"full": (ids, torch.ones_like(ids), torch.arange(10).expand(2, 10).contiguous())}
    rows = [random_ids(rng, n) for n in (6, 9, 4)]
    for side in ("left", "right"):
        batches[side] = pad_rows(rows, side)
    for name, (ids, attention, positions) in batches.items():
        batch = Batch(ids, positions, attention)
        high_logits, real = run(high, batch), attention[:, :, None]
        differences[f"{name}.logits"] = gap(run(low, batch) * real, high_logits * real)
        tensors |= {
            f"{name}.input_ids": ids,
            f"{name}.attention_mask": attention,
            f"{name}.position_ids": positions,
            f"{name}.logits": high_logits * real,
        }
    for i, row in enumerate(rows):
        left, right = tensors["left.logits"][i, -len(row) :], tensors["right.logits"][i, : len(row)]
        assert (left - right).abs().max() < 1e-12, "padding must not change logits"
    save(folder / "forward.safetensors", tensors)
    ids, attention, positions = batches["full"]
    return Batch(ids, positions, attention), tensors["full.logits"]


def generate(network, prompt, cache):
    """Greedy tokens [B, steps + 1], logits [steps + 1, B, V] and each layer's key and value after the prefill."""
    ids, attention, positions = prompt
    steps = [run(network, Batch(ids, positions, attention), cache)[:, -1]]
    prefill = [(layer.keys.clone(), layer.values.clone()) for layer in cache.layers]
    last = positions[:, -1:]
    for _ in range(DECODE_STEPS):
        attention, last = torch.cat([attention, torch.ones_like(last)], 1), last + 1
        batch = Batch(steps[-1].argmax(-1)[:, None], last, attention)
        steps.append(run(network, batch, cache)[:, -1])
    return torch.stack([step.argmax(-1) for step in steps], 1), torch.stack(steps), prefill


def generation_golden(folder, low, high, differences):
    rng = np.random.default_rng(12)
    prompt = pad_rows([random_ids(rng, n) for n in (5, 8, 2)], "left")
    # A cache made without the config keeps every row of a sliding layer too, so the whole prefill can be stored.
    tokens, high_logits, cache = generate(high, prompt, DynamicCache())
    windowed = generate(high, prompt, DynamicCache(config=high.config))
    assert (windowed[1] - high_logits).abs().max() < 1e-12, "a cache of the window alone must give the same"
    low_tokens, low_logits, _ = generate(low, prompt, DynamicCache(config=low.config))
    top = high_logits.topk(2, -1).values
    margin = float((top[..., 0] - top[..., 1]).min())
    assert margin > 1e-2, f"greedy choice too close: {margin}"
    assert torch.equal(tokens, low_tokens)
    ids, attention, positions = prompt
    low.generation_config.eos_token_id = None  # the end token does not stop it
    count = DECODE_STEPS + 1
    out = low.generate(input_ids=ids, attention_mask=attention, do_sample=False, max_new_tokens=count)
    assert torch.equal(out[:, ids.shape[1] :], tokens), "transformers' generate must choose the same"
    differences["generate.logits"] = gap(low_logits, high_logits)
    differences["generate smallest top-1 margin"] = margin
    tensors = {"input_ids": ids, "attention_mask": attention, "position_ids": positions}
    tensors |= {"tokens": tokens, "logits": high_logits}
    for layer, (key, value) in enumerate(cache):
        real = attention[:, None, :, None]
        tensors[f"prefill.{layer}.key"], tensors[f"prefill.{layer}.value"] = key * real, value * real
    save(folder / "generate.safetensors", tensors)


def check_features(family, low, batch, expected):
    """Every feature of MATTERS changes the logits; the config that transformers 5 saves changes nothing."""
    for change in MATTERS[family]:
        config = AutoConfig.for_model(**{**CONFIGS[family], **change})
        moved = gap(run(exact_copy(low, config), batch), expected)
        assert moved > 1e-3, f"{family}: {change} moves the logits by {moved} only"
    saved = AutoConfig.for_model(**json.loads((HERE / family / "config.saved.json").read_text()))
    assert saved.rope_parameters == low.config.rope_parameters
    assert torch.equal(run(exact_copy(low, saved), batch), expected), "both config forms must read the same"


def check_exact():
    """`exact()` agrees with the reference model on the families that both can run."""
    for family in ("llama", "llama-untied", "gpt2"):
        model, high = Model(family), exact_copy(load(HERE / family))
        batch = Batch(*(x[:1] for x in (torch.arange(3, 19)[None], torch.arange(16)[None], torch.ones(1, 16))))
        expected, _ = model.run(torch.float64, batch)
        assert gap(run(high, batch), expected) < 1e-12


def make(family):
    folder, differences = HERE / family, {}
    low = load(folder)
    high = exact_copy(low)
    batch, full = forward_golden(folder, low, high, differences)
    generation_golden(folder, low, high, differences)
    check_features(family, low, batch, full)
    (folder / "golden.json").write_text(json.dumps({"float32_differences": differences}, indent=1) + "\n")
    for what, value in differences.items():
        print(f"{family}: {what}: {value:.2e}")


if __name__ == "__main__":
    check_exact()
    for name in sys.argv[1:] or CONFIGS:
        make(name)
