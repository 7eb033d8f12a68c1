"""Writes the reference values of the tiny models (see README.md for every file's keys).

Every value is computed in float64 and stored rounded to float32; the same computation in float32 is
made beside it, and the largest differences go to `<family>/golden.json`.

    python golden.py [family ...]
"""

import json
import sys

import numpy as np
import torch

import transformers_check
from adapters import adapter_golden, losses_golden, optimizer_golden
from cases import DECODE_STEPS, Model, gap, masked_batch, pad_rows, random_ids, save
from methods import NAMES
from reference_model import Batch, answer_loss, forward

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def forward_golden(model, differences):
    rng = np.random.default_rng(11)
    tensors = {}
    ids = random_ids(rng, (2, 10))
    positions = torch.arange(10).expand(2, 10).contiguous()
    batches = {"full": (ids, torch.ones_like(ids), positions)}
    rows = [random_ids(rng, n) for n in (6, 9, 4)]
    for side in ("left", "right"):
        batches[side] = pad_rows(rows, side)
    for name, (ids, attention, positions) in batches.items():
        batch = Batch(ids, positions, attention)
        logits, _ = model.run(torch.float64, batch)
        low, _ = model.run(torch.float32, batch)
        real = attention[:, :, None]
        differences[f"{name}.logits"] = gap(low * real, logits * real)
        differences[f"{name}.logits transformers"] = transformers_check.logits_gap(model, batch, logits)
        tensors |= {
            f"{name}.input_ids": ids,
            f"{name}.attention_mask": attention,
            f"{name}.position_ids": positions,
            f"{name}.logits": logits * real,
        }
    for i, row in enumerate(rows):
        left, right = tensors["left.logits"][i, -len(row) :], tensors["right.logits"][i, : len(row)]
        assert (left - right).abs().max() < 1e-12, "padding must not change logits"
    save(model.folder / "forward.safetensors", tensors)


def generate(model, dtype, prompt, attention, positions):
    """Greedy tokens [B, steps + 1], logits [steps + 1, B, V] and the cache after the prefill."""
    logits, cache = model.run(dtype, Batch(prompt, positions, attention))
    prefill_cache, last = cache, positions[:, -1:]
    all_logits, tokens = [logits[:, -1]], [logits[:, -1].argmax(-1)]
    for _ in range(DECODE_STEPS):
        attention = torch.cat([attention, torch.ones_like(last)], 1)
        last = last + 1
        logits, cache = model.run(dtype, Batch(tokens[-1][:, None], last, attention), cache)
        all_logits.append(logits[:, -1])
        tokens.append(logits[:, -1].argmax(-1))
    return torch.stack(tokens, 1), torch.stack(all_logits), prefill_cache


def generation_golden(model, differences):
    rng = np.random.default_rng(12)
    prompt = pad_rows([random_ids(rng, n) for n in (5, 8, 2)], "left")
    tokens, logits, cache = generate(model, torch.float64, *prompt)
    low_tokens, low_logits, _ = generate(model, torch.float32, *prompt)
    top = logits.topk(2, -1).values
    margin = float((top[..., 0] - top[..., 1]).min())
    assert margin > 1e-3, f"greedy choice too close: {margin}"
    assert torch.equal(tokens, low_tokens)
    assert torch.equal(tokens, transformers_check.greedy(model, prompt[0], prompt[1], DECODE_STEPS + 1))
    differences["generate.logits"] = gap(low_logits, logits)
    differences["generate smallest top-1 margin"] = margin
    ids, attention, positions = prompt
    tensors = {
        "input_ids": ids,
        "attention_mask": attention,
        "position_ids": positions,
        "tokens": tokens,
        "logits": logits,
    }
    for layer, (key, value) in enumerate(cache):
        real = attention[:, None, :, None]
        tensors[f"prefill.{layer}.key"], tensors[f"prefill.{layer}.value"] = key * real, value * real
    save(model.folder / "generate.safetensors", tensors)


def full_golden(model, differences):
    """Gradients of every base weight for the answer loss of the masked batch, without an adapter."""
    runs = {}
    for dtype in (torch.float64, torch.float32):
        weights = {k: v.to(dtype).requires_grad_() for k, v in model.weights.items()}
        ids, attention, positions, labels, _ = masked_batch("prompt")
        logits, _ = forward(model.config, weights, Batch(ids, positions, attention))
        loss = answer_loss(logits, labels)
        runs[dtype] = (loss.item(), dict(zip(weights, torch.autograd.grad(loss, list(weights.values())))))
    loss, gradients = runs[torch.float64]
    differences["full-step gradients"] = max(gap(runs[torch.float32][1][k], g) for k, g in gradients.items())
    differences["full-step gradients transformers"] = transformers_check.full_gap(
        model, masked_batch("prompt"), gradients
    )
    kept = ("embed_tokens", "wte", "wpe", "lm_head", "norm", "ln_", ".0.self_attn", ".bias")
    tensors = {k: g for k, g in gradients.items() if any(part in k for part in kept)}
    ids, attention, positions, labels, _ = masked_batch("prompt")
    batch = {"input_ids": ids, "attention_mask": attention, "position_ids": positions, "labels": labels}
    save(model.folder / "full-step.safetensors", batch | {f"grad.{k}": g for k, g in tensors.items()})
    norms = {k: float(g.norm()) for k, g in sorted(gradients.items())}
    total = float(torch.stack([g.norm() for g in gradients.values()]).norm())
    return {"loss": loss, "gradient_norm": total, "gradient_norms": norms}


def make(family):
    model, differences, agreement = Model(family), {}, {}
    forward_golden(model, differences)
    generation_golden(model, differences)
    losses = {name: adapter_golden(model, name, differences, agreement) for name in NAMES[family]}
    if losses:
        optimizer_golden(model, differences)
    for name in NAMES[family]:
        losses_golden(model, name, differences)
    full = full_golden(model, differences)
    out = {"float32_differences": differences, "float64_agreement": agreement}
    out |= {"adapter_losses": losses, "full_step": full}
    (model.folder / "golden.json").write_text(json.dumps(out, indent=1) + "\n")
    for what, value in (differences | agreement).items():
        print(f"{family}: {what}: {value:.2e}")


if __name__ == "__main__":
    for family in sys.argv[1:] or NAMES:
        make(family)
