"""Writes parameter-counts.json: trainable parameters of adapter and LoRA at real model sizes.

Plain arithmetic. `count_with_new_rows` adds the released GPT-2 code's 17 added vocabulary rows.

    python parameter_counts.py
"""

import json
from pathlib import Path

GPT2 = {"model_type": "gpt2", "width": 768, "layers": 12, "heads": 12, "kv_heads": 12}
GPT2_LARGE = {"model_type": "gpt2", "width": 1280, "layers": 36, "heads": 20, "kv_heads": 20}
LLAMA_7B = {"model_type": "llama", "width": 4096, "layers": 32, "heads": 32, "kv_heads": 32}
SMOLLM2 = {"model_type": "llama", "width": 576, "layers": 30, "heads": 9, "kv_heads": 3}
NEW_TOKENS = 17

# (model, method, rank, targets, count stated for the released code; None = none stated)
ROWS = (
    ("gpt2", GPT2, "adapter", 108, None, 2_001_168),
    ("gpt2", GPT2, "lora", 56, "qv", 2_064_384),
    ("gpt2", GPT2, "adapter", 200, None, 3_698_016),
    ("gpt2", GPT2, "lora", 100, "qv", 3_686_400),
    ("gpt2", GPT2, "adapter", 16, None, 304_320),
    ("gpt2", GPT2, "lora", 8, "qv", 294_912),
    ("gpt2", GPT2, "adapter", 32, None, 599_424),
    ("gpt2", GPT2, "lora", 16, "qv", 589_824),
    ("gpt2-large", GPT2_LARGE, "adapter", 100, None, 9_265_680),
    ("gpt2-large", GPT2_LARGE, "lora", 50, "qv", 9_216_000),
    ("llama-7b", LLAMA_7B, "adapter", 4, None, 1_179_776),
    ("llama-7b", LLAMA_7B, "lora", 4, "kv", 2_097_152),
    ("smollm2-135m", SMOLLM2, "adapter", 64, None, None),
    ("smollm2-135m", SMOLLM2, "lora", 16, "kv", None),
    ("smollm2-135m", SMOLLM2, "lora", 16, "qv", None),
)


def adapter_count(model, rank):
    d = model["width"]
    return model["layers"] * (2 * d * rank + rank + d)


def lora_count(model, rank, targets):
    d = model["width"]
    kv = d * model["kv_heads"] // model["heads"]
    out = {"q": d, "k": kv, "v": kv}
    return model["layers"] * sum(d * rank + rank * out[target] for target in targets)


def row(name, model, method, rank, targets, stated):
    count = adapter_count(model, rank) if method == "adapter" else lora_count(model, rank, targets)
    assert stated in (None, count), (name, method, rank, count, stated)
    out = {"model": name, **model, "method": method, "rank": rank}
    if targets:
        out["targets"] = [f"{t}_proj" for t in targets]
    out["count"] = count
    if model["model_type"] == "gpt2":
        out["count_with_new_rows"] = count + NEW_TOKENS * model["width"]
    return out


if __name__ == "__main__":
    rows = [row(*r) for r in ROWS]
    target = Path(__file__).parent / "parameter-counts.json"
    target.write_text("[\n" + ",\n".join(f"  {json.dumps(r)}" for r in rows) + "\n]\n")
    print("\n".join(f"{r['model']} {r['method']} r={r['rank']}: {r['count']}" for r in rows))
