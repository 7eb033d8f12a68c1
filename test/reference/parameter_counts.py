"""Writes parameter-counts.json: trainable parameters of the methods at real model sizes.

Plain arithmetic, asserted against the counts that are stated for the released code. `count_with_new_rows` adds that
code's 17 added vocabulary rows and its soft tokens; `percent` is their share of all weights, GPT-2's and LLaMA's.

    python parameter_counts.py
"""

import json
from pathlib import Path

GPT2 = {"model_type": "gpt2", "width": 768, "inner": 3072, "layers": 12, "heads": 12, "kv_heads": 12}
GPT2_LARGE = {"model_type": "gpt2", "width": 1280, "inner": 5120, "layers": 36, "heads": 20, "kv_heads": 20}
LLAMA_7B = {"model_type": "llama", "width": 4096, "inner": 11008, "layers": 32, "heads": 32, "kv_heads": 32}
SMOLLM2 = {"model_type": "llama", "width": 576, "inner": 1536, "layers": 30, "heads": 9, "kv_heads": 3}
MODELS = {"gpt2": GPT2, "gpt2-large": GPT2_LARGE, "llama-7b": LLAMA_7B, "smollm2-135m": SMOLLM2}
WEIGHTS = {"gpt2": 124_439_808, "gpt2-large": 774_030_080, "llama-7b": 6_738_415_616}
NEW_TOKENS = 17
QV, KV = {"targets": ["q_proj", "v_proj"]}, {"targets": ["k_proj", "v_proj"]}
FFN = {"targets": ["up_proj", "down_proj"]}
MLP = {"projection": True, "projection_size": 108}
BARE = {"projection": False}

# (model, method, options that the count depends on, stated count, soft tokens that the released configs add,
#  stated count with new rows, stated percent); None = not stated
ROWS = (
    ("gpt2", "adapter", {"rank": 108}, 2_001_168, 0, 2_014_224, 1.593),
    ("gpt2", "lora", {"rank": 56, **QV}, 2_064_384, 0, 2_077_440, 1.642),
    ("gpt2", "prefix", {"length": 108, **MLP}, 5_990_508, 0, 6_003_564, 4.602),
    ("gpt2", "prefix", {"length": 108, **BARE}, 1_990_656, 0, None, None),
    ("gpt2", "mam", {"prefix_length": 32, "rank": 78, **BARE}, 2_037_672, 0, 2_050_728, 1.621),
    ("gpt2", "adapter", {"rank": 200}, 3_698_016, 0, 3_711_072, 2.896),
    ("gpt2", "lora", {"rank": 100, **QV}, 3_686_400, 0, 3_699_456, 2.887),
    ("gpt2", "lora", {"rank": 40, **FFN}, 3_686_400, 0, 3_699_456, 2.887),
    ("gpt2", "prefix", {"length": 200, **BARE}, 3_686_400, 0, 3_699_456, 2.887),
    ("gpt2", "dora", {"rank": 40, **FFN}, 3_732_480, 0, 3_745_536, 2.922),
    ("gpt2", "prefix", {"length": 200, **MLP}, 7_686_252, 0, 7_699_308, 5.827),
    ("gpt2", "mam", {"prefix_length": 32, "rank": 168, **BARE}, 3_697_632, 30, 3_733_728, 2.913),
    ("gpt2", "mam", {"prefix_length": 32, "rank": 136, **BARE}, 3_107_424, 30, 3_143_520, 2.464),
    ("gpt2", "adapter", {"rank": 16}, 304_320, 0, 317_376, 0.254),
    ("gpt2", "lora", {"rank": 8, **QV}, 294_912, 0, 307_968, 0.247),
    ("gpt2", "dora", {"rank": 4, **FFN}, 414_720, 0, 427_776, 0.343),
    ("gpt2", "mam", {"prefix_length": 8, "rank": 6, **BARE}, 267_336, 30, 303_432, 0.243),
    ("gpt2", "adapter", {"rank": 32}, 599_424, 0, 612_480, 0.490),
    ("gpt2", "lora", {"rank": 16, **QV}, 589_824, 0, 602_880, 0.482),
    ("gpt2", "prefix", {"length": 64, **MLP}, 5_179_500, 0, 5_192_556, 4.006),
    ("gpt2", "mam", {"prefix_length": 16, "rank": 16, **BARE}, 599_232, 30, 635_328, 0.508),
    ("gpt2-large", "adapter", {"rank": 100}, 9_265_680, 0, 9_287_440, 1.19),
    ("gpt2-large", "lora", {"rank": 50, **QV}, 9_216_000, 0, 9_237_760, 1.18),
    ("gpt2-large", "dora", {"rank": 16, **FFN}, 7_603_200, 0, 7_624_960, 0.98),
    ("gpt2-large", "prefix", {"length": 200, **BARE}, 18_432_000, 0, 18_453_760, 2.33),
    ("llama-7b", "adapter", {"rank": 4}, 1_179_776, 0, None, 0.018),
    ("llama-7b", "lora", {"rank": 4, **KV}, 2_097_152, 0, None, 0.031),
    # Not in the released code's table.
    ("gpt2", "adapter", {"rank": 54, "site": "both"}, None, 0, None, None),
    ("gpt2", "adapter", {"rank": 108, "scale": "learnable", "layer_norm": "in"}, None, 0, None, None),
    ("gpt2", "prompt", {"length": 30}, None, 0, None, None),
    ("gpt2", "ia3", {"targets": ["k_proj", "v_proj", "down_proj"]}, None, 0, None, None),
    ("smollm2-135m", "adapter", {"rank": 64}, None, 0, None, None),
    ("smollm2-135m", "lora", {"rank": 16, **KV}, None, 0, None, None),
    ("smollm2-135m", "lora", {"rank": 16, **QV}, None, 0, None, None),
    ("smollm2-135m", "prefix", {"length": 30, **BARE}, None, 0, None, None),
    ("smollm2-135m", "ia3", {"targets": ["k_proj", "v_proj", "down_proj"]}, None, 0, None, None),
)


def shape(model, target):
    """Inputs and outputs of a projection."""
    d, inner = model["width"], model["inner"]
    kv = d * model["kv_heads"] // model["heads"]
    outputs = {"q_proj": d, "k_proj": kv, "v_proj": kv, "o_proj": d, "up_proj": inner, "gate_proj": inner}
    return (inner, d) if target == "down_proj" else (d, outputs[target])


def adapter_count(model, options):
    d, rank = model["width"], options["rank"]
    one = 2 * d * rank + rank + d
    one += options.get("scale") == "learnable"
    one += 2 * d * (options.get("layer_norm", "none") != "none")
    return model["layers"] * one * (2 if options.get("site") == "both" else 1)


def lora_count(model, options):
    return model["layers"] * sum(options["rank"] * sum(shape(model, t)) for t in options["targets"])


def dora_count(model, options):
    magnitudes = sum(shape(model, t)[1] for t in options["targets"])
    return lora_count(model, options) + model["layers"] * magnitudes


def prefix_count(model, options):
    """The table alone, or with the MLP of the trained form."""
    width = 2 * model["layers"] * model["width"] * model["kv_heads"] // model["heads"]
    table = options.get("length", options.get("prefix_length")) * width
    inner = options["projection"] and options["projection_size"]
    return table + (width * inner + inner + inner * width + width if inner else 0)


def ia3_count(model, options):
    """The input side of down_proj, the output side of the others."""
    return model["layers"] * sum(shape(model, t)[0 if t == "down_proj" else 1] for t in options["targets"])


COUNTS = {
    "adapter": adapter_count,
    "lora": lora_count,
    "dora": dora_count,
    "prefix": prefix_count,
    "mam": lambda model, options: prefix_count(model, options) + adapter_count(model, options),
    "prompt": lambda model, options: options["length"] * model["width"],
    "ia3": ia3_count,
}


def row(name, method, options, stated, soft_tokens, stated_rows, stated_percent):
    model = MODELS[name]
    count = COUNTS[method](model, options)
    assert stated in (None, count), (name, method, options, count, stated)
    out = {"model": name, **model, "method": method}
    out |= {key: options[key] for key in ("rank", "targets") if key in options}
    out |= {"options": options, "count": count}
    if options.get("projection"):
        out["deployed_count"] = prefix_count(model, {**options, "projection": False})
    added = 0
    if model["model_type"] == "gpt2":
        added = (NEW_TOKENS + soft_tokens) * model["width"]
        out["new_rows"], out["count_with_new_rows"] = NEW_TOKENS + soft_tokens, count + added
    assert stated_rows in (None, count + added), (name, method, options, count + added, stated_rows)
    if stated_percent is not None:
        percent = 100 * (count + added) / (WEIGHTS[name] + count + added)
        digits = len(str(stated_percent).split(".")[1])
        assert round(percent, digits) == stated_percent, (name, method, options, percent, stated_percent)
        out["percent"] = stated_percent
    return out


if __name__ == "__main__":
    rows = [row(*r) for r in ROWS]
    target = Path(__file__).parent / "parameter-counts.json"
    target.write_text("[\n" + ",\n".join(f"  {json.dumps(r)}" for r in rows) + "\n]\n")
    print("\n".join(f"{r['model']} {r['method']} {r['options']}: {r['count']}" for r in rows))
