"""The values of one reference adapter: masked pass, prefill and decode, gradients, AdamW curves."""

import json
import math
from dataclasses import replace

import torch
from transformers import get_linear_schedule_with_warmup

import peft_check
import transformers_check
from cases import ANSWER_LENGTHS, PROMPT_LENGTHS, gap, masked_batch, save
from methods import definition, random_adapter_tensors
from reference_adapters import Adapter
from reference_model import Batch, answer_loss


def reference_adapter(model, name):
    return Adapter(*definition(model, name), random_adapter_tensors(model, name))


def masked_pass(model, dtype, adapter, scope, labels_override=None):
    """Logits, loss, gradients by tensor name and the cache of one masked pass."""
    ids, attention, positions, labels, mask = masked_batch(scope, adapter)
    tensors = {k: v.to(dtype).requires_grad_() for k, v in adapter.tensors.items()}
    trained = replace(adapter, tensors=tensors)
    logits, cache = model.run(dtype, Batch(ids, positions, attention, mask), adapter=trained)
    loss = answer_loss(logits, labels if labels_override is None else labels_override)
    gradients = torch.autograd.grad(loss, list(tensors.values()))
    return logits.detach(), loss.detach(), dict(zip(tensors, gradients)), cache


def cast(adapter, dtype):
    return replace(adapter, tensors={k: v.to(dtype) for k, v in adapter.tensors.items()})


def stepwise(model, adapter, scope, row):
    """Logits [answer length, V] that predict each answer token: adapted prefill, then decode.

    In scope `prompt` the decode steps run the plain model; in scope `all` the adapter stays.
    """
    batch = masked_batch(scope, adapter)
    length, answer = PROMPT_LENGTHS[row], ANSWER_LENGTHS[row]
    ids, positions = batch.ids[row : row + 1], batch.positions[row : row + 1]
    adapter = cast(adapter, torch.float64)

    def part(start, stop):
        at = slice(start, stop)
        return Batch(ids[:, at], positions[:, at], torch.ones(1, stop), torch.ones(1, stop - start, 1))

    logits, cache = model.run(torch.float64, part(0, length), adapter=adapter)
    out, prompt_cache = [logits[0, -1]], cache
    for at in range(length, length + answer - 1):
        decoder = adapter if scope == "all" else None
        logits, cache = model.run(torch.float64, part(at, at + 1), cache, decoder)
        out.append(logits[0, -1])
    return torch.stack(out), prompt_cache


def adapter_golden(model, name, differences, agreement):
    """Writes the adapter and its values in both scopes; returns the loss by scope."""
    adapter = reference_adapter(model, name)
    assert all(bool((v != 0).all()) for v in adapter.tensors.values())
    metadata = {"method": adapter.method, "options": json.dumps(adapter.options)}
    save(model.folder / f"{name}.safetensors", adapter.tensors, metadata)
    losses = {}
    for scope in ("prompt", "all"):
        rows, key = masked_batch(scope, adapter), f"{name}.{scope}"
        logits, loss, gradients, _ = masked_pass(model, torch.float64, adapter, scope)
        low_logits, low_loss, low_gradients, _ = masked_pass(model, torch.float32, adapter, scope)
        real = rows.attention[:, :, None]
        losses[scope] = float(loss)
        differences[f"{key}.logits"] = gap(low_logits * real, logits * real)
        differences[f"{key}.loss"] = gap(low_loss, loss)
        differences[f"{key}.gradients"] = max(gap(low_gradients[k], g) for k, g in gradients.items())
        for checker in (transformers_check, peft_check):
            low, high = checker.adapter_gaps(model, adapter, rows, (logits, loss, gradients))
            differences |= {f"{key}.{what} transformers": value for what, value in low.items()}
            agreement |= {f"{key}.{what} transformers": value for what, value in high.items()}
        values = {"logits": logits * real, "loss": loss} | {f"grad.{k}": g for k, g in gradients.items()}
        tensors = _batch_tensors(rows) | values | _decode_tensors(model, adapter, scope, logits)
        save(model.folder / f"{name}.{scope}.safetensors", tensors)
    # A prefix and soft tokens are not masked.
    assert (losses["prompt"] == losses["all"]) == (adapter.method in ("prefix", "prompt"))
    check_influence(model, adapter)
    return losses


def _batch_tensors(rows):
    names = ("input_ids", "attention_mask", "position_ids", "labels", "prompt_mask")
    return dict(zip(names, rows))


def _decode_tensors(model, adapter, scope, logits):
    tensors = {}
    for row, (prompt, answer) in enumerate(zip(PROMPT_LENGTHS, ANSWER_LENGTHS)):
        steps, cache = stepwise(model, adapter, scope, row)
        masked = logits[row, prompt - 1 : prompt + answer - 1]
        assert (steps - masked).abs().max() < 1e-11, "masked pass must equal prefill and decode"
        tensors[f"decode.{row}.logits"] = steps
        if row == 0:
            for layer, (k, v) in enumerate(cache):
                tensors[f"prompt.{layer}.key"], tensors[f"prompt.{layer}.value"] = k[0], v[0]
    return tensors


def check_influence(model, adapter):
    """What each module can reach (asserted, not stored).

    Without the loss on the first answer token, scope `prompt` gives what the last layer has outside
    of its keys and values a gradient of exactly zero, since only the first answer token's logits see it.
    """
    labels = masked_batch("prompt", adapter).labels.clone()
    for row, length in enumerate(PROMPT_LENGTHS):
        labels[row, length] = -100
    _, _, gradients, _ = masked_pass(model, torch.float64, adapter, "prompt", labels)
    last = f".{model.layers - 1}."
    for name, gradient in gradients.items():
        unreachable = last in name and ".k_proj." not in name and ".v_proj." not in name
        assert bool((gradient == 0).all()) == unreachable, name
    # In scope `all` the same modules keep their gradient.
    _, _, gradients, _ = masked_pass(model, torch.float64, adapter, "all", labels)
    assert all(bool((gradient != 0).any()) for gradient in gradients.values())


# Optimiser

STEPS, LEARNING_RATE, WARMUP_RATIO = 10, 1e-2, 0.2
# The gradient norm stays below 1 here, so the last variant lowers the clip until it acts.
CURVES = {"decay-0": (0.0, 1.0), "decay-0.1": (0.1, 1.0), "clip-0.3": (0.0, 0.3)}
SETTINGS = {"steps": STEPS, "learning_rate": LEARNING_RATE, "betas": [0.9, 0.999], "epsilon": 1e-8}
SETTINGS |= {"warmup_ratio": WARMUP_RATIO}


def adamw_curve(model, adapter, weight_decay, clip_norm, dtype):
    ids, attention, positions, labels, mask = masked_batch("prompt", adapter)
    tensors = {k: v.to(dtype).clone().requires_grad_() for k, v in adapter.tensors.items()}
    trained = replace(adapter, tensors=tensors)
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


def optimizer_golden(model, differences):
    adapter = reference_adapter(model, "adapter")
    settings = SETTINGS | {"batch": "adapter.prompt.safetensors"}
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


def losses_golden(model, name, differences):
    """Ten steps without decay and with a clip to 0.3, which acts on all but gpt2's prefix."""
    adapter = reference_adapter(model, name)
    curve, _ = adamw_curve(model, adapter, *CURVES["clip-0.3"], torch.float64)
    low_curve, _ = adamw_curve(model, adapter, *CURVES["clip-0.3"], torch.float32)
    losses = curve["loss"]
    assert losses[-1] < losses[0], f"{name}: the loss must fall"
    assert max(curve["gradient_norm"]) > 0.3 or name == "prefix", f"{name}: the clip must act"
    differences[f"{name} losses"] = max(abs(a - b) for a, b in zip(losses, low_curve["loss"]))
    out = SETTINGS | {"weight_decay": 0.0, "clip_norm": 0.3, "learning_rates": curve["learning_rate"]}
    out |= {"losses": losses, "gradient_norms": curve["gradient_norm"]}
    (model.folder / f"{name}.losses.json").write_text(json.dumps(out, indent=1) + "\n")
