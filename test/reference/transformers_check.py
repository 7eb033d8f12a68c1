"""Compares the reference model with transformers (eager attention, float32) and with peft.

The adapters are attached to the transformers model by forward hooks on its own modules, so the sites
are checked apart from `reference_model.py`. Every function returns a largest absolute difference and
fails above TOLERANCE.
"""

import copy

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM
from transformers.utils import logging

from reference_model import Adapter, Batch, answer_loss

logging.disable_progress_bar()

TOLERANCE = 2e-4


def load(model):
    return AutoModelForCausalLM.from_pretrained(
        model.folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()


def within(value):
    assert value < TOLERANCE, value
    return value


def difference(low, high):
    return float((low.double() - high).abs().max())


def run(network, batch):
    return network(input_ids=batch.ids, attention_mask=batch.attention, position_ids=batch.positions).logits


@torch.no_grad()
def logits_gap(model, batch, logits):
    real = batch.attention[:, :, None]
    return within(difference(run(load(model), batch) * real, logits * real))


@torch.no_grad()
def greedy(model, ids, attention, count):
    out = load(model).generate(
        input_ids=ids, attention_mask=attention, do_sample=False, min_new_tokens=count, max_new_tokens=count
    )
    return out[:, ids.shape[1] :]


def adapter_gaps(model, adapter, rows, logits, loss, gradients):
    ids, attention, positions, labels, mask = rows
    network = load(model)
    tensors = {k: v.clone().requires_grad_() for k, v in adapter.tensors.items()}
    attach(network, model, Adapter(adapter.method, adapter.scale, tensors), mask)
    out = run(network, Batch(ids, positions, attention))
    real = attention[:, :, None]
    low_loss = answer_loss(out, labels)
    low_gradients = dict(zip(tensors, torch.autograd.grad(low_loss, list(tensors.values()))))
    gaps = {
        "logits": within(difference(out.detach() * real, logits * real)),
        "loss": within(difference(low_loss.detach(), loss)),
        "gradients": within(max(difference(low_gradients[k], g) for k, g in gradients.items())),
    }
    ordinary = bool((mask[..., 0] == attention).all())
    if adapter.method == "lora" and model.config["model_type"] == "llama" and ordinary:
        gaps["logits peft"] = within(difference(peft_logits(model, adapter, rows) * real, logits * real))
    return gaps


def attach(network, model, adapter, mask):
    """Adds the masked deltas by hooks on the modules of transformers."""

    def add(site):
        return lambda module, inputs, output: output + mask * adapter.delta(site, inputs[0])

    def add_to_fused(site):
        def hook(module, inputs, output):
            q, k, v = output.chunk(3, -1)
            for_q, for_v = (mask * adapter.delta(f"{site}.{t}_proj", inputs[0]) for t in "qv")
            return torch.cat([q + for_q, k, v + for_v], -1)

        return hook

    sites = {name.split(f".{adapter.method}.")[0] for name in adapter.tensors}
    for site in sites:
        if model.config["model_type"] == "gpt2" and adapter.method == "lora":
            if site.endswith("q_proj"):
                attention = site.removesuffix(".q_proj")
                network.get_submodule(f"{attention}.c_attn").register_forward_hook(add_to_fused(attention))
        else:
            network.get_submodule(site).register_forward_hook(add(site))


@torch.no_grad()
def peft_logits(model, adapter, rows):
    """Scope `all` is ordinary LoRA; peft divides by the rank, so its lora_alpha is alpha * rank."""
    ids, attention, positions, _, _ = rows
    targets = sorted({name.split(".lora.")[0].rsplit(".", 1)[1] for name in adapter.tensors})
    rank = next(v.shape[1] for k, v in adapter.tensors.items() if k.endswith(".a"))
    alpha = int(adapter.scale * rank)
    config = LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules=targets)
    network = get_peft_model(copy.deepcopy(load(model)), config)
    for name, tensor in adapter.tensors.items():
        site, which = name.split(".lora.")
        module = network.base_model.model.get_submodule(site)
        weight = (module.lora_A if which == "a" else module.lora_B)["default"].weight
        weight.copy_(tensor.T)
    return run(network, Batch(ids, positions, attention))


def full_gap(model, rows, gradients):
    ids, attention, positions, labels, _ = rows
    network = load(model)
    loss = answer_loss(run(network, Batch(ids, positions, attention)), labels)
    loss.backward()
    parameters = dict(network.named_parameters())
    return within(max(difference(parameters[k].grad, g) for k, g in gradients.items()))
