"""Writes the reference values of the tiny models (see README.md for every file's keys).

Every value is computed in float64 and stored rounded to float32; the same computation in float32 is
made beside it, and the largest differences go to `<family>/golden.json`.

    python golden.py [family ...]
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from safetensors.torch import save as serialize

import transformers_check
from reference_model import Adapter, Batch, answer_loss, forward

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
HERE = Path(__file__).parent
EOS, PAD = 1, 2
DECODE_STEPS = 8
PROMPT_LENGTHS = (5, 3, 7)
ANSWER_LENGTHS = (4, 3, 4)  # the end token included
SCALE = {"adapter": 1.5, "lora": 4.0}
RANK = {"adapter": 6, "lora": 4}
FAMILIES = {
    "llama": {"adapter": "adapter", "lora-kv": "lora", "lora-qv": "lora"},
    "llama-untied": {},
    "gpt2": {"adapter": "adapter", "lora-qv": "lora"},
}


class Model:
    def __init__(self, family):
        self.folder = HERE / family
        self.config = json.loads((self.folder / "config.json").read_text())
        self.weights = load_file(self.folder / "model.safetensors")

    def run(self, dtype, batch, cache=None, adapter=None):
        weights = {k: v.to(dtype) for k, v in self.weights.items()}
        return forward(self.config, weights, batch, cache, adapter)


def random_ids(rng, shape):
    return torch.from_numpy(rng.integers(3, 96, shape))


def save(path, tensors, metadata=None):
    stored = {k: v.detach().float() if v.is_floating_point() else v for k, v in tensors.items()}
    data = serialize({k: v.contiguous() for k, v in stored.items()}, metadata=metadata)
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    if metadata:  # the library writes it in a new order at every run
        header["__metadata__"] = metadata
    text = json.dumps(header, separators=(",", ":")).ljust(length).encode()
    path.write_bytes(data[:8] + text + data[8 + length :])


def gap(low, high):
    """Largest absolute difference of the float32 computation from the float64 one."""
    return float((low.double() - high).abs().max())


def pad_rows(rows, side, fill=PAD):
    """Pads id rows; returns ids, attention mask and positions, 1 at pads on the left."""
    longest = max(len(row) for row in rows)
    ids = torch.full((len(rows), longest), fill)
    attention = torch.zeros_like(ids)
    for i, row in enumerate(rows):
        at = slice(longest - len(row), None) if side == "left" else slice(0, len(row))
        ids[i, at], attention[i, at] = row, 1
    if side == "right":
        return ids, attention, torch.arange(longest).expand_as(ids).contiguous()
    return ids, attention, (attention.cumsum(1) - 1).masked_fill(attention == 0, 1)


# Forward, padding, generation


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


# Adapters


def lora_sites(family, name, layer, width, kv_width):
    if family == "gpt2":
        return {f"transformer.h.{layer}.attn.{t}_proj": (width, width) for t in name[-2:]}
    out = {"q": width, "k": kv_width, "v": kv_width}
    return {f"model.layers.{layer}.self_attn.{t}_proj": (width, out[t]) for t in name[-2:]}


def adapter_tensors(model, family, name, seed):
    """Random float32 tensors of a method, std 0.2, nothing zero."""
    rng, method = np.random.default_rng(seed), FAMILIES[family][name]
    rank = RANK[method]
    shapes = {}
    for layer in range(layer_count(model)):
        if method == "adapter":
            path = f"transformer.h.{layer}.mlp" if family == "gpt2" else f"model.layers.{layer}.mlp"
            down, up = f"{path}.adapter.down", f"{path}.adapter.up"
            shapes[f"{down}.weight"], shapes[f"{down}.bias"] = (32, rank), (rank,)
            shapes[f"{up}.weight"], shapes[f"{up}.bias"] = (rank, 32), (32,)
        else:
            for site, (rows, columns) in lora_sites(family, name, layer, 32, 16).items():
                shapes[f"{site}.lora.a"], shapes[f"{site}.lora.b"] = (rows, rank), (rank, columns)
    return {k: torch.from_numpy(0.2 * rng.standard_normal(s)).float() for k, s in shapes.items()}


def layer_count(model):
    return model.config.get("n_layer") or model.config["num_hidden_layers"]


def masked_batch(scope):
    """Right-padded prompt and answer rows: ids, attention, positions, labels, prompt mask [B, T, 1]."""
    rng = np.random.default_rng(13)
    rows = [random_ids(rng, p + a) for p, a in zip(PROMPT_LENGTHS, ANSWER_LENGTHS)]
    for row in rows:
        row[-1] = EOS
    ids, attention, positions = pad_rows(rows, "right")
    labels = torch.where(attention == 1, ids, -100)
    mask = torch.zeros(*ids.shape, 1)
    for i, length in enumerate(PROMPT_LENGTHS):
        labels[i, :length] = -100
        mask[i, : length if scope == "prompt" else length + ANSWER_LENGTHS[i]] = 1
    return ids, attention, positions, labels, mask


def masked_pass(model, dtype, adapter, scope, labels_override=None):
    """Logits, loss, gradients by tensor name and the cache of one masked pass."""
    ids, attention, positions, labels, mask = masked_batch(scope)
    tensors = {k: v.to(dtype).requires_grad_() for k, v in adapter.tensors.items()}
    trained = Adapter(adapter.method, adapter.scale, tensors)
    logits, cache = model.run(dtype, Batch(ids, positions, attention, mask), adapter=trained)
    loss = answer_loss(logits, labels if labels_override is None else labels_override)
    gradients = torch.autograd.grad(loss, list(tensors.values()))
    return logits.detach(), loss.detach(), dict(zip(tensors, gradients)), cache


def cast(adapter, dtype):
    return Adapter(adapter.method, adapter.scale, {k: v.to(dtype) for k, v in adapter.tensors.items()})


def stepwise(model, adapter, scope, row):
    """Logits [answer length, V] that predict each answer token: adapted prefill, then decode.

    In scope `prompt` the decode steps run the plain model; in scope `all` the adapter stays.
    """
    ids, _, positions, _, _ = masked_batch(scope)
    length, answer = PROMPT_LENGTHS[row], ANSWER_LENGTHS[row]
    ids, positions, adapter = ids[row : row + 1], positions[row : row + 1], cast(adapter, torch.float64)

    def batch(start, stop):
        at = slice(start, stop)
        return Batch(ids[:, at], positions[:, at], torch.ones(1, stop), torch.ones(1, stop - start, 1))

    logits, cache = model.run(torch.float64, batch(0, length), adapter=adapter)
    out, prompt_cache = [logits[0, -1]], cache
    for at in range(length, length + answer - 1):
        decoder = adapter if scope == "all" else None
        logits, cache = model.run(torch.float64, batch(at, at + 1), cache, decoder)
        out.append(logits[0, -1])
    return torch.stack(out), prompt_cache


def adapter_golden(model, family, name, differences):
    method = FAMILIES[family][name]
    adapter = Adapter(method, SCALE[method], adapter_tensors(model, family, name, seed=21))
    options = {"rank": RANK[method], "scale" if method == "adapter" else "alpha": SCALE[method]}
    if method == "lora":
        options["targets"] = [f"{t}_proj" for t in name[-2:]]
    metadata = {"method": method, "options": json.dumps(options)}
    save(model.folder / f"{name}.safetensors", adapter.tensors, metadata)

    losses = {}
    for scope in ("prompt", "all"):
        logits, loss, gradients, _ = masked_pass(model, torch.float64, adapter, scope)
        low_logits, low_loss, low_gradients, _ = masked_pass(model, torch.float32, adapter, scope)
        ids, attention, positions, labels, mask = masked_batch(scope)
        real = attention[:, :, None]
        key = f"{name}.{scope}"
        losses[scope] = float(loss)
        differences[f"{key}.logits"] = gap(low_logits * real, logits * real)
        differences[f"{key}.loss"] = gap(low_loss, loss)
        differences[f"{key}.gradients"] = max(gap(low_gradients[k], g) for k, g in gradients.items())
        exact = logits, loss, gradients
        checked = transformers_check.adapter_gaps(model, adapter, masked_batch(scope), *exact)
        differences |= {f"{key}.{what} transformers": value for what, value in checked.items()}
        tensors = {
            "input_ids": ids,
            "attention_mask": attention,
            "position_ids": positions,
            "labels": labels,
            "prompt_mask": mask,
            "logits": logits * real,
            "loss": loss,
        }
        tensors |= {f"grad.{k}": g for k, g in gradients.items()}
        for row, (prompt, answer) in enumerate(zip(PROMPT_LENGTHS, ANSWER_LENGTHS)):
            steps, cache = stepwise(model, adapter, scope, row)
            masked = logits[row, prompt - 1 : prompt + answer - 1]
            assert (steps - masked).abs().max() < 1e-11, "masked pass must equal prefill and decode"
            tensors[f"decode.{row}.logits"] = steps
            if row == 0:
                for layer, (k, v) in enumerate(cache):
                    tensors[f"prompt.{layer}.key"], tensors[f"prompt.{layer}.value"] = k[0], v[0]
        save(model.folder / f"{name}.{scope}.safetensors", tensors)
    assert losses["prompt"] != losses["all"]
    check_influence(model, adapter)
    return losses


def check_influence(model, adapter):
    """What each module can reach (asserted, not stored).

    Without the loss on the first answer token, scope `prompt` gives the last layer's FFN adapter and
    q-LoRA a gradient of exactly zero, since only the first answer token's logits see them.
    """
    labels = masked_batch("prompt")[3].clone()
    for row, length in enumerate(PROMPT_LENGTHS):
        labels[row, length] = -100
    _, _, gradients, _ = masked_pass(model, torch.float64, adapter, "prompt", labels)
    last = f".{layer_count(model) - 1}."
    for name, gradient in gradients.items():
        unreachable = last in name and (".mlp." in name or ".q_proj." in name)
        assert bool((gradient == 0).all()) == unreachable, name
    # In scope `all` the same modules keep their gradient.
    _, _, gradients, _ = masked_pass(model, torch.float64, adapter, "all", labels)
    assert all(bool((gradient != 0).any()) for gradient in gradients.values())


# Optimiser

STEPS, LEARNING_RATE, WARMUP_RATIO = 10, 1e-2, 0.2
# The gradient norm stays below 1 here, so the last variant lowers the clip until it acts.
CURVES = {"decay-0": (0.0, 1.0), "decay-0.1": (0.1, 1.0), "clip-0.3": (0.0, 0.3)}


def adamw_curve(model, adapter, weight_decay, clip_norm, dtype):
    from transformers import get_linear_schedule_with_warmup

    ids, attention, positions, labels, mask = masked_batch("prompt")
    tensors = {k: v.to(dtype).clone().requires_grad_() for k, v in adapter.tensors.items()}
    trained = Adapter(adapter.method, adapter.scale, tensors)
    optimizer = torch.optim.AdamW(
        tensors.values(), lr=LEARNING_RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=weight_decay
    )
    schedule = get_linear_schedule_with_warmup(optimizer, math.ceil(STEPS * WARMUP_RATIO), STEPS)
    curve = {"loss": [], "gradient_norm": [], "learning_rate": []}
    for _ in range(STEPS):
        logits, _ = model.run(dtype, Batch(ids, positions, attention, mask), adapter=trained)
        loss = answer_loss(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(tensors.values(), clip_norm)
        curve["loss"].append(loss.item())
        curve["gradient_norm"].append(norm.item())
        curve["learning_rate"].append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return curve, {k: v.detach() for k, v in tensors.items()}


def optimizer_golden(model, family, differences):
    adapter = Adapter("adapter", SCALE["adapter"], adapter_tensors(model, family, "adapter", seed=21))
    settings = {"steps": STEPS, "learning_rate": LEARNING_RATE, "betas": [0.9, 0.999], "epsilon": 1e-8}
    settings |= {"warmup_ratio": WARMUP_RATIO, "batch": "adapter.prompt.safetensors"}
    out = {"settings": settings, "start": "adapter.safetensors"}
    finals = {}
    for label, (decay, clip) in CURVES.items():
        curve, final = adamw_curve(model, adapter, decay, clip, torch.float64)
        low_curve, low_final = adamw_curve(model, adapter, decay, clip, torch.float32)
        finals[label] = final
        out[label] = {"weight_decay": decay, "clip_norm": clip, **curve}
        differences[f"adamw {label} loss"] = max(abs(a - b) for a, b in zip(curve["loss"], low_curve["loss"]))
        differences[f"adamw {label} tensors"] = max(gap(low_final[k], v) for k, v in final.items())
        save(model.folder / f"adamw.{label}.safetensors", final)
    for label in ("decay-0.1", "clip-0.3"):
        moved = max(gap(finals[label][k], v) for k, v in finals["decay-0"].items())
        assert moved > 1e-4, f"{label} has no visible effect"
    (model.folder / "adamw.json").write_text(json.dumps(out, indent=1) + "\n")


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
    model, differences = Model(family), {}
    forward_golden(model, differences)
    generation_golden(model, differences)
    losses = {name: adapter_golden(model, family, name, differences) for name in FAMILIES[family]}
    if losses:
        optimizer_golden(model, family, differences)
    full = full_golden(model, differences)
    out = {"float32_differences": differences, "adapter_losses": losses, "full_step": full}
    (model.folder / "golden.json").write_text(json.dumps(out, indent=1) + "\n")
    for what, value in differences.items():
        print(f"{family}: {what}: {value:.2e}")


if __name__ == "__main__":
    for family in sys.argv[1:] or FAMILIES:
        make(family)
