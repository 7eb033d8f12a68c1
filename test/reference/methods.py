"""The reference adapters: method, complete options and random tensors by name."""

import numpy as np
import torch

ADAPTER = {
    "rank": 4,
    "scale": 1.5,
    "site": "ffn",
    "form": "parallel",
    "layer_norm": "none",
    "dropout": 0,
    "init": "identity",
    "special_tokens": [],
}
LORA = {
    "rank": 4,
    "alpha": 4.0,
    "scaling": "none",
    "targets": None,
    "dropout": 0,
    "dropout_at": "output",
    "init": "identity",
    "special_tokens": [],
}
DORA = {**LORA, "rank": 3, "targets": ["up_proj", "down_proj"], "detach_norm": False, "scale_bias": True}
PEFT_DORA = {"scaling": "rank", "dropout_at": "input", "detach_norm": True, "scale_bias": False}
PREFIX = {"length": 3, "projection": False, "projection_size": 5, "dropout": 0, "special_tokens": []}
MAM = {**ADAPTER, "scale": 2.0, "prefix_length": 3, "projection": False, "projection_size": 5}
ALL_PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj"]
IA3 = {"targets": ["k_proj", "v_proj", "down_proj"], "special_tokens": []}

METHODS = {
    "adapter": ("adapter", {**ADAPTER, "rank": 6}),
    "lora-kv": ("lora", {**LORA, "targets": ["k_proj", "v_proj"]}),
    "lora-qv": ("lora", {**LORA, "targets": ["q_proj", "v_proj"]}),
    "adapter-seq": ("adapter", {**ADAPTER, "form": "sequential"}),
    "adapter-attention": ("adapter", {**ADAPTER, "site": "attention"}),
    "adapter-both-seq": ("adapter", {**ADAPTER, "rank": 3, "site": "both", "form": "sequential"}),
    "adapter-learnable": ("adapter", {**ADAPTER, "scale": "learnable"}),
    "adapter-ln-in": ("adapter", {**ADAPTER, "layer_norm": "in"}),
    "adapter-ln-out": ("adapter", {**ADAPTER, "layer_norm": "out"}),
    "lora-rank": ("lora", {**LORA, "rank": 2, "scaling": "rank", "targets": ALL_PROJECTIONS}),
    "lora-rslora": (
        "lora",
        {**LORA, "rank": 3, "alpha": 2.0, "scaling": "rslora", "targets": ["q_proj", "v_proj", "down_proj"]},
    ),
    "dora": ("dora", DORA),
    "dora-peft": (
        "dora",
        {**DORA, **PEFT_DORA, "alpha": 6.0, "targets": ["q_proj", "v_proj", "up_proj", "down_proj"]},
    ),
    "prefix": ("prefix", PREFIX),
    "prefix-projection": ("prefix", {**PREFIX, "projection": True}),
    "prompt": ("prompt", {"length": 4, "special_tokens": []}),
    "mam": ("mam", MAM),
    "ia3": ("ia3", IA3),
    "special-tokens": ("adapter", {**ADAPTER, "special_tokens": ["<|name|>", "<|sep|>"]}),
}
NAMES = {
    "llama": list(METHODS),
    "llama-untied": [],
    "gpt2": [name for name in METHODS if name != "lora-kv"],
}
# Sites by target, with the module's path in a layer.
MODULES = {
    "llama": {t: f"{'self_attn' if t[0] in 'qkvo' else 'mlp'}.{t}" for t in [*ALL_PROJECTIONS, "gate_proj"]},
    "gpt2": {
        **{t: f"attn.{t}" for t in ("q_proj", "k_proj", "v_proj")},
        "o_proj": "attn.c_proj",
        "up_proj": "mlp.c_fc",
        "down_proj": "mlp.c_proj",
    },
}
BRANCHES = {"llama": {"ffn": "mlp", "attention": "self_attn"}, "gpt2": {"ffn": "mlp", "attention": "attn"}}


def definition(model, name):
    """The method and its complete options on a model: llama alone has a gate."""
    method, options = METHODS[name]
    if name == "lora-rank" and model.family == "llama":
        options = {**options, "targets": [*ALL_PROJECTIONS, "gate_proj"]}
    return method, options


def site_weight(model, site):
    """A projection's weight [in, out]."""
    if f"{site}.weight" in model.weights:
        weight = model.weights[f"{site}.weight"]
        return weight.T if model.config["model_type"] == "llama" else weight
    attention, which = site.rsplit(".", 1)
    return model.weights[f"{attention}.c_attn.weight"].chunk(3, 1)["qkv".index(which[0])]


class _Draw:
    """Random float32 tensors, nothing zero; the order of the calls decides the values."""

    def __init__(self, seed):
        self.rng, self.tensors = np.random.default_rng(seed), {}

    def add(self, name, shape, std=0.2, around=0.0):
        self.tensors[name] = torch.from_numpy(around + std * self.rng.standard_normal(shape)).float()


def random_adapter_tensors(model, name, seed=21):
    method, options = definition(model, name)
    draw, c = _Draw(seed), model.config
    modules, branches = MODULES[c["model_type"]], BRANCHES[c["model_type"]]
    width = c.get("n_embd") or c["hidden_size"]
    for layer in range(model.layers):
        path = f"{'transformer.h' if c['model_type'] == 'gpt2' else 'model.layers'}.{layer}"
        if method in ("adapter", "mam"):
            for site in ("ffn", "attention"):
                if options["site"] in (site, "both"):
                    _draw_adapter(draw, f"{path}.{branches[site]}.adapter", width, options)
        for target in options.get("targets", ()):
            site = f"{path}.{modules[target]}"
            _draw_projection(draw, site, method, site_weight(model, site), options)
    if method in ("prefix", "mam"):
        _draw_prefix(draw, options, 2 * model.layers * model.kv_width)
    if method == "prompt":
        draw.add("prompt.weight", (options["length"], width))
    if options["special_tokens"]:
        draw.add("special_tokens.weight", (len(options["special_tokens"]), width))
    return draw.tensors


def _draw_adapter(draw, prefix, width, options):
    rank = options["rank"]
    draw.add(f"{prefix}.down.weight", (width, rank))
    draw.add(f"{prefix}.down.bias", (rank,))
    draw.add(f"{prefix}.up.weight", (rank, width))
    draw.add(f"{prefix}.up.bias", (width,))
    if options["scale"] == "learnable":
        draw.add(f"{prefix}.scale", (1,), around=1.5)
    if options["layer_norm"] != "none":
        draw.add(f"{prefix}.norm.weight", (width,), around=1.0)
        draw.add(f"{prefix}.norm.bias", (width,))


def _draw_projection(draw, site, method, weight, options):
    rows, columns = weight.shape
    if method == "ia3":
        input_side = site.endswith(("down_proj", "mlp.c_proj"))
        return draw.add(f"{site}.ia3.scale", (rows if input_side else columns,), around=1.0, std=0.3)
    draw.add(f"{site}.{method}.a", (rows, options["rank"]))
    draw.add(f"{site}.{method}.b", (options["rank"], columns))
    if method == "dora":  # around the norms of the weight's columns, where training starts
        noise = draw.rng.standard_normal(columns)
        norm = weight.double().norm(dim=0)
        draw.tensors[f"{site}.dora.magnitude"] = (norm * torch.from_numpy(1 + 0.2 * noise)).float()


def _draw_prefix(draw, options, width):
    length, inner = options.get("length") or options["prefix_length"], options["projection_size"]
    if not options["projection"]:
        return draw.add("prefix.weight", (length, width), std=0.6)
    draw.add("prefix.embedding.weight", (length, width))
    draw.add("prefix.down.weight", (width, inner))
    draw.add("prefix.down.bias", (inner,))
    draw.add("prefix.up.weight", (inner, width), std=0.4)
    draw.add("prefix.up.bias", (width,))
