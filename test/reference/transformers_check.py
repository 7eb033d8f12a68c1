"""Compares the reference model with transformers, in float32 and in true float64 (exact.py).

The adapters are attached to the transformers model by forward hooks on its own modules, so the sites
are checked apart from `reference_model.py`. Every function returns largest absolute differences and
fails above TOLERANCE.
"""

from dataclasses import replace

import torch
from transformers import DynamicCache

from exact import exact_copy, load, logits
from reference_model import answer_loss

TOLERANCE = {torch.float32: 2e-4, torch.float64: 1e-10}


def networks(model):
    low = load(model.folder)
    return low, exact_copy(low)


def within(value, dtype=torch.float32):
    assert value < TOLERANCE[dtype], value
    return value


def difference(low, high):
    return float((low.double() - high).abs().max())


def run(network, batch):
    return logits(
        network, input_ids=batch.ids, attention_mask=batch.attention, position_ids=batch.positions
    )


@torch.no_grad()
def logits_gap(model, batch, expected):
    real = batch.attention[:, :, None]
    low, high = networks(model)
    within(difference(run(high, batch) * real, expected * real), torch.float64)
    return within(difference(run(low, batch) * real, expected * real))


@torch.no_grad()
def greedy(model, ids, attention, count):
    out = load(model.folder).generate(
        input_ids=ids, attention_mask=attention, do_sample=False, min_new_tokens=count, max_new_tokens=count
    )
    return out[:, ids.shape[1] :]


def adapter_gaps(model, adapter, rows, expected):
    """Differences of logits, loss and gradients in float32, and the largest of them in float64."""
    low, high = networks(model)
    gaps = _gaps(low, model, adapter, rows, expected)
    return gaps, {"all values": max(_gaps(high, model, adapter, rows, expected).values())}


def _gaps(network, model, adapter, rows, expected):
    dtype = network.dtype
    tensors = {k: v.to(dtype, copy=True).requires_grad_() for k, v in adapter.tensors.items()}
    adapter = replace(adapter, tensors=tensors)
    attach(network, model, adapter, rows.mask)
    out = run_adapted(network, adapter, rows)
    loss = answer_loss(out, rows.labels)
    gradients = dict(zip(tensors, torch.autograd.grad(loss, list(tensors.values()))))
    return compare(dtype, (out, loss, gradients), rows, expected)


def compare(dtype, values, rows, expected):
    """The gaps of one run's logits, loss and gradients by name; no gradients are no gap."""
    (out, loss, gradients), real = values, rows.attention[:, :, None]
    gaps = [difference(g, expected[2][k]) for k, g in gradients.items()]
    out = {
        "logits": within(difference(out.detach() * real, expected[0] * real), dtype),
        "loss": within(difference(loss.detach(), expected[1]), dtype),
    }
    return out | ({"gradients": within(max(gaps), dtype)} if gaps else {})


def run_adapted(network, adapter, rows):
    """Logits of the real tokens, with added tokens, soft tokens and prefix given as transformers takes them."""
    count, length = rows.ids.shape
    virtual = adapter.virtual_length()
    embeddings = adapter.embed(network.get_input_embeddings().weight, rows.ids)
    positions, soft = rows.positions, adapter.soft_tokens()
    if soft is not None:
        embeddings = torch.cat([soft.expand(count, -1, -1), embeddings], 1)
        positions = torch.cat([torch.arange(virtual).expand(count, -1), positions], 1)
    config = network.config
    kv_heads = getattr(config, "num_key_value_heads", config.num_attention_heads)
    prefix = adapter.prefix_cache(count, config.num_hidden_layers, kv_heads)
    cache = None if prefix is None else DynamicCache(prefix)
    attention = torch.cat([rows.attention.new_ones(count, virtual), rows.attention], 1)
    inputs = {"inputs_embeds": embeddings, "attention_mask": attention, "position_ids": positions}
    return logits(network, **inputs, past_key_values=cache, use_cache=cache is not None)[:, -length:]


def attach(network, model, adapter, mask):
    """Hooks the method's functions to the modules of transformers."""
    branches, projections = set(), set()
    for name in adapter.tensors:
        for part in ("adapter", "lora", "dora", "ia3"):
            if f".{part}." in name:
                (branches if part == "adapter" else projections).add(name.split(f".{part}.")[0])
    for site in branches:
        hook = _branch_hook(adapter, site, mask)
        network.get_submodule(site).register_forward_hook(hook, with_kwargs=True)
    thirds = {site for site in projections if model.config["model_type"] == "gpt2" and site.endswith("_proj")}
    thirds = {site for site in thirds if not site.endswith("c_proj")}
    for site in projections - thirds:
        network.get_submodule(site).register_forward_hook(_projection_hook(adapter, site, mask))
    for attention in {site.rsplit(".", 1)[0] for site in thirds}:
        module = network.get_submodule(f"{attention}.c_attn")
        module.register_forward_hook(_thirds_hook(adapter, attention, mask))


def _branch_hook(adapter, site, mask):
    def hook(module, args, kwargs, output):
        x = args[0] if args else kwargs["hidden_states"]
        if isinstance(output, tuple):
            return (adapter.branch(site, x, output[0], mask), *output[1:])
        return adapter.branch(site, x, output, mask)

    return hook


def _projection_hook(adapter, site, mask):
    def hook(module, inputs, output):
        weight = module.weight.T if isinstance(module, torch.nn.Linear) else module.weight
        return adapter.project(site, inputs[0], output, weight, module.bias, mask)

    return hook


def _thirds_hook(adapter, attention, mask):
    def hook(module, inputs, output):
        parts = zip("qkv", output.chunk(3, -1), module.weight.chunk(3, -1), module.bias.chunk(3, -1))
        out = [adapter.project(f"{attention}.{n}_proj", inputs[0], *three, mask) for n, *three in parts]
        return torch.cat(out, -1)

    return hook


def full_gap(model, rows, gradients):
    low, high = networks(model)
    worst = {}
    for network in (low, high):
        loss = answer_loss(run(network, rows), rows.labels)
        loss.backward()
        parameters = dict(network.named_parameters())
        gap = max(difference(parameters[k].grad, g) for k, g in gradients.items())
        worst[network.dtype] = within(gap, network.dtype)
    return worst[torch.float32]
