"""The adapter methods as plain functions at the sites of reference_model.py; row-vector convention, y = x @ W + b.

Shapes: B batch, T new tokens, P virtual tokens, L layers, K kv heads, D head size, R rank; masks c are [B, T, 1].
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F


def lora_factor(options):
    alpha, rank = options["alpha"], options["rank"]
    return {"none": alpha, "rank": alpha / rank, "rslora": alpha / rank**0.5}[options["scaling"]]


@dataclass
class Adapter:
    """Tensors by name `<site module>.<part>.<parameter>`, with the complete options of the method."""

    method: str
    options: dict
    tensors: dict

    def delta(self, site, x):
        """LoRA's delta at a projection."""
        part = "dora" if self.method == "dora" else "lora"
        a, b = self.tensors[f"{site}.{part}.a"], self.tensors[f"{site}.{part}.b"]
        return lora_factor(self.options) * (x @ a @ b)

    def project(self, site, x, y, weight, bias, mask):
        """The output of a projection y = x @ weight + bias, with the method where it has tensors for the site."""
        t = self.tensors
        if f"{site}.lora.a" in t:
            return y + mask.to(y.dtype) * self.delta(site, x)
        if f"{site}.dora.a" in t:
            return _masked(self._dora(site, x, y, weight, bias), y, mask)
        if f"{site}.ia3.scale" in t:
            scale = t[f"{site}.ia3.scale"]
            if site.endswith(("down_proj", "mlp.c_proj")):
                scaled = (x * scale) @ weight
                return _masked(scaled if bias is None else scaled + bias, y, mask)
            return _masked(y * scale, y, mask)
        return y

    def _dora(self, site, x, y, weight, bias):
        a, b, magnitude = (self.tensors[f"{site}.dora.{n}"] for n in ("a", "b", "magnitude"))
        norm = (weight + lora_factor(self.options) * (a @ b)).norm(dim=0)
        if self.options["detach_norm"]:
            norm = norm.detach()
        bias = 0 if bias is None else bias
        kept = 0 if self.options["scale_bias"] else bias
        return (y - kept + self.delta(site, x)) * magnitude / norm + kept

    def branch(self, site, x, y, mask):
        """The output y of a whole branch (feed-forward or attention) that reads the normed x."""
        t = self.tensors
        if f"{site}.adapter.down.weight" not in t:
            return y
        u = y if self.options["form"] == "sequential" else x
        prefix, norm = f"{site}.adapter", self.options["layer_norm"]
        if norm == "in":
            u = self._layer_norm(prefix, u)
        inner = F.relu(u @ t[f"{prefix}.down.weight"] + t[f"{prefix}.down.bias"])
        scale = t[f"{prefix}.scale"] if self.options["scale"] == "learnable" else self.options["scale"]
        out = scale * (inner @ t[f"{prefix}.up.weight"] + t[f"{prefix}.up.bias"])
        if norm == "out":
            out = self._layer_norm(prefix, out)
        return y + mask.to(y.dtype) * out

    def _layer_norm(self, prefix, x):
        weight, bias = (self.tensors[f"{prefix}.norm.{n}"] for n in ("weight", "bias"))
        return F.layer_norm(x, x.shape[-1:], weight, bias, 1e-5)

    def prefix_rows(self):
        """The deployed table [P, 2LKD], or None."""
        t = self.tensors
        if "prefix.down.weight" in t:
            inner = torch.tanh(t["prefix.embedding.weight"] @ t["prefix.down.weight"] + t["prefix.down.bias"])
            return inner @ t["prefix.up.weight"] + t["prefix.up.bias"]
        return t.get("prefix.weight")

    def prefix_cache(self, batch, layers, kv_heads):
        """The cache that the prefix makes, (key, value) [B, K, P, D] per layer; None without a prefix."""
        rows = self.prefix_rows()
        if rows is None:
            return None
        table = rows.unflatten(1, (2 * layers, kv_heads, -1)).permute(1, 2, 0, 3)  # [2L, K, P, D]
        return [tuple(table[2 * i + j].expand(batch, -1, -1, -1) for j in (0, 1)) for i in range(layers)]

    def embed(self, table, ids):
        """Token embeddings [B, T, E]; added tokens have the ids from V on."""
        added = self.tensors.get("special_tokens.weight")
        return (table if added is None else torch.cat([table, added]))[ids]

    def soft_tokens(self):
        """The soft tokens [P, E] that stand before everything, or None."""
        return self.tensors.get("prompt.weight")

    def virtual_length(self):
        """P: the position of the first real token."""
        rows = self.prefix_rows() if self.soft_tokens() is None else self.soft_tokens()
        return 0 if rows is None else rows.shape[0]


NO_ADAPTER = Adapter("none", {}, {})


def _masked(changed, plain, mask):
    c = mask.to(plain.dtype)
    return c * changed + (1 - c) * plain
