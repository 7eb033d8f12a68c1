"""Compares the reference adapters in scope `all` with peft's own modules, in float32 and true float64.

LoRA (plain, rank-stabilised, DoRA), IA3, prefix and prompt tuning. On GPT-2 the query, key and value thirds of
`c_attn` are one peft module: its A holds the thirds' A side by side and its B is block-diagonal.
"""

from dataclasses import replace
from math import sqrt

import torch
from peft import IA3Config, LoraConfig, PrefixTuningConfig, PromptTuningConfig, get_peft_model

from exact import logits
from methods import MODULES
from reference_model import answer_loss
from transformers_check import compare, networks

THIRDS = ("q_proj", "k_proj", "v_proj")


def adapter_gaps(model, adapter, rows, expected):
    """Like transformers_check.adapter_gaps; empty in scope `prompt` and where peft has no such module."""
    if not bool((rows.mask[..., 0] == rows.attention).all()) or not has_peft_form(model, adapter):
        return {}, {}
    low, high = networks(model)
    gaps = {f"{k} peft": v for k, v in _gaps(low, model, adapter, rows, expected).items()}
    return gaps, {"all values peft": max(_gaps(high, model, adapter, rows, expected).values())}


def has_peft_form(model, adapter):
    if adapter.method == "dora":  # peft never scales the bias; llama has none
        return not adapter.options["scale_bias"] or model.config["model_type"] == "llama"
    return adapter.method in ("lora", "ia3", "prefix", "prompt")


def _gaps(network, model, adapter, rows, expected):
    dtype = network.dtype
    wrapped = get_peft_model(network, config(model, adapter)).to(dtype).eval()
    places = list(tensor_places(wrapped, model, adapter))
    tensors = {k: v.double() for k, v in adapter.tensors.items()}
    if adapter.options.get("projection"):  # peft's MLP has other widths: it gets the deployed rows
        tensors["prefix.weight"] = replace(adapter, tensors=tensors).prefix_rows()
    with torch.no_grad():
        for name, parameter, view in places:
            view(parameter).copy_(tensors[name])
    # Rows are padded on the right: without position_ids peft counts on from its virtual tokens, as they do.
    out = logits(wrapped, input_ids=rows.ids, attention_mask=rows.attention)[:, -rows.ids.shape[1] :]
    loss = answer_loss(out, rows.labels)
    loss.backward()
    comparable = adapter.options.get("detach_norm", True) and not adapter.options.get("projection")
    gradients = {name: view(parameter.grad) for name, parameter, view in places if comparable}
    return compare(dtype, (out, loss, gradients), rows, expected)


def peft_targets(model, adapter):
    """Modules to wrap by the names that peft matches, each with the targets that it holds."""
    gpt2, held = model.config["model_type"] == "gpt2", {}
    for target in adapter.options["targets"]:
        name = "c_attn" if gpt2 and target in THIRDS else MODULES[model.config["model_type"]][target]
        held.setdefault(name, []).append(target)
    return held


def config(model, adapter):
    options, gpt2 = adapter.options, model.config["model_type"] == "gpt2"
    if adapter.method in ("prefix", "prompt"):
        kind = PrefixTuningConfig if adapter.method == "prefix" else PromptTuningConfig
        return kind(task_type="CAUSAL_LM", num_virtual_tokens=options["length"])
    held = peft_targets(model, adapter)
    if adapter.method == "ia3":
        down = MODULES[model.config["model_type"]]["down_proj"]
        return IA3Config(target_modules=list(held), feedforward_modules=[down], fan_in_fan_out=gpt2)
    rank, scaling = options["rank"], options["scaling"]
    # peft divides alpha by the rank or its root, and the rank of a fused module is the sum over its targets.
    alphas = {
        name: options["alpha"] * {"none": rank * len(t), "rank": len(t), "rslora": sqrt(len(t))}[scaling]
        for name, t in held.items()
    }
    return LoraConfig(
        r=rank,
        lora_alpha=1,
        rank_pattern={name: rank * len(t) for name, t in held.items()},
        alpha_pattern=alphas,
        target_modules=list(held),
        use_rslora=scaling == "rslora",
        use_dora=adapter.method == "dora",
        fan_in_fan_out=gpt2,
    )


def tensor_places(wrapped, model, adapter):
    """Every tensor's name, the peft parameter that holds it, and the view of it in our layout."""
    if adapter.method in ("prefix", "prompt"):
        yield f"{adapter.method}.weight", wrapped.prompt_encoder["default"].embedding.weight, lambda p: p
        return
    for layer in range(model.layers):
        path = f"{'transformer.h' if model.config['model_type'] == 'gpt2' else 'model.layers'}.{layer}"
        for name, targets in peft_targets(model, adapter).items():
            short = f"attn.{name}" if name == "c_attn" else name
            module = wrapped.base_model.model.get_submodule(f"{path}.{short}")
            for at, target in enumerate(targets):
                site = f"{path}.{MODULES[model.config['model_type']][target]}"
                columns = _columns(module.out_features, target if name == "c_attn" else None)
                yield from _site_places(module, adapter, site, columns, at)


def _columns(width, third):
    """The output columns that belong to a site: a third of a fused module, else all."""
    if third is None:
        return slice(None)
    size, at = width // 3, THIRDS.index(third)
    return slice(at * size, (at + 1) * size)


def _site_places(module, adapter, site, columns, at):
    if adapter.method == "ia3":
        scale = module.ia3_l["default"]
        view = (lambda p: p[0]) if module.is_feedforward else (lambda p: p[columns, 0])
        yield f"{site}.ia3.scale", scale, view
        return
    rank = adapter.options["rank"]
    ranks = slice(at * rank, (at + 1) * rank)
    part = f"{site}.{adapter.method}"
    a, b = module.lora_A["default"].weight, module.lora_B["default"].weight
    yield f"{part}.a", a, lambda p: p[ranks].T
    yield f"{part}.b", b, lambda p: p[columns, ranks].T
    if adapter.method == "dora":
        yield f"{part}.magnitude", module.lora_magnitude_vector["default"].weight, lambda p: p[columns]
