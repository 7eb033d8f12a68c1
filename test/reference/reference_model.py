"""The two architectures with adapter sites, as plain functions over a dict of tensors.

Written apart from transformers for two reasons: every operation keeps the dtype of the weights
(transformers computes norms, rotary tables and soft-max in float32 even when asked for float64), and
the masked adapter deltas stand in the forward pass where the method's formulas put them.
`transformers_check.py` compares it with transformers and peft.

Shapes: B batch, T new tokens, S cached and new tokens, H heads, K kv heads, D head size, E width.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass
class Adapter:
    """Adapter tensors by name `<module path>.<method>.<parameter>`; row-vector convention (x @ w)."""

    method: str  # 'adapter' or 'lora'
    scale: float  # s of the bottleneck, alpha of LoRA (not divided by the rank)
    tensors: dict

    def delta(self, site, x):
        """The unmasked delta at a site; None where the method has no parameters there."""
        prefix, t = f"{site}.{self.method}", self.tensors
        if self.method == "adapter" and f"{prefix}.down.weight" in t:
            inner = F.relu(x @ t[f"{prefix}.down.weight"] + t[f"{prefix}.down.bias"])
            return self.scale * (inner @ t[f"{prefix}.up.weight"] + t[f"{prefix}.up.bias"])
        if self.method == "lora" and f"{prefix}.a" in t:
            return self.scale * (x @ t[f"{prefix}.a"] @ t[f"{prefix}.b"])
        return None


@dataclass
class Batch:
    """`attention` marks the real keys [B, S]; `mask` the adapted positions [B, T, 1]."""

    ids: torch.Tensor  # [B, T]
    positions: torch.Tensor  # [B, T]
    attention: torch.Tensor  # [B, S]
    mask: torch.Tensor | None = None


def forward(config, weights, batch, cache=None, adapter=None):
    """Logits [B, T, V] and the cache, a list of (key, value) [B, K, S, D] per layer."""
    run = {"llama": _llama, "gpt2": _gpt2}[config["model_type"]]
    return run(config, weights, batch, cache, adapter)


def _adapted(y, x, site, batch, adapter):
    delta = None if adapter is None else adapter.delta(site, x)
    return y if delta is None else y + batch.mask.to(y.dtype) * delta


def _attend(q, k, v, past, attention):
    """Causal attention of q, k, v [B, T, heads, D]; returns [B, T, H*D] and the layer's cache."""
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    if past is not None:
        k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
    queries, keys = q.shape[2], k.shape[2]
    groups = q.shape[1] // k.shape[1]
    scores = q @ k.repeat_interleave(groups, 1).transpose(2, 3) / q.shape[3] ** 0.5
    query_at = torch.arange(keys - queries, keys)[:, None]
    key_at = torch.arange(keys)[None, :]
    allowed = (key_at <= query_at) & attention[:, None, None, :].bool()
    allowed = allowed | (key_at == query_at)  # a padding query sees itself, so no row is empty
    probabilities = scores.masked_fill(~allowed, float("-inf")).softmax(-1)
    out = probabilities @ v.repeat_interleave(groups, 1)
    return out.transpose(1, 2).flatten(2), (k, v)


def _rms_norm(x, weight, eps):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight


def _rope(x, positions, theta):
    """Rotates x [B, T, heads, D]; dimension i pairs with i + D/2."""
    half = x.shape[3] // 2
    frequency = theta ** (-torch.arange(half, dtype=x.dtype) / half)
    angle = (positions[:, :, None].to(x.dtype) * frequency)[:, :, None, :]
    low, high = x[..., :half], x[..., half:]
    return torch.cat([low * angle.cos() - high * angle.sin(), high * angle.cos() + low * angle.sin()], -1)


def _llama(c, w, batch, cache, adapter):
    heads, kv_heads, eps = c["num_attention_heads"], c["num_key_value_heads"], c["rms_norm_eps"]
    theta = c["rope_theta"] if "rope_theta" in c else c["rope_parameters"]["rope_theta"]
    head_dim = c["hidden_size"] // heads
    h = w["model.embed_tokens.weight"][batch.ids]
    new_cache = []
    for i in range(c["num_hidden_layers"]):
        layer = f"model.layers.{i}"

        def project(name, x, count):
            site = f"{layer}.self_attn.{name}_proj"
            y = F.linear(x, w[f"{site}.weight"], w.get(f"{site}.bias"))
            y = _adapted(y, x, site, batch, adapter)
            return y.unflatten(-1, (count, head_dim))

        x = _rms_norm(h, w[f"{layer}.input_layernorm.weight"], eps)
        q = _rope(project("q", x, heads), batch.positions, theta)
        k = _rope(project("k", x, kv_heads), batch.positions, theta)
        v = project("v", x, kv_heads)
        attended, layer_cache = _attend(q, k, v, cache and cache[i], batch.attention)
        new_cache.append(layer_cache)
        o = f"{layer}.self_attn.o_proj"
        h = h + F.linear(attended, w[f"{o}.weight"], w.get(f"{o}.bias"))

        u = _rms_norm(h, w[f"{layer}.post_attention_layernorm.weight"], eps)
        gate, up, down = (w[f"{layer}.mlp.{n}_proj.weight"] for n in ("gate", "up", "down"))
        f = F.linear(F.silu(F.linear(u, gate)) * F.linear(u, up), down)
        h = h + _adapted(f, u, f"{layer}.mlp", batch, adapter)
    h = _rms_norm(h, w["model.norm.weight"], eps)
    head = w["model.embed_tokens.weight"] if c["tie_word_embeddings"] else w["lm_head.weight"]
    return F.linear(h, head), new_cache


def _gpt2(c, w, batch, cache, adapter):
    heads, eps = c["n_head"], c["layer_norm_epsilon"]

    def norm(name, x):
        return F.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], eps)

    def conv1d(name, x):
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    h = w["transformer.wte.weight"][batch.ids] + w["transformer.wpe.weight"][batch.positions]
    new_cache = []
    for i in range(c["n_layer"]):
        block = f"transformer.h.{i}"
        x = norm(f"{block}.ln_1", h)
        q, k, v = conv1d(f"{block}.attn.c_attn", x).chunk(3, -1)
        q = _adapted(q, x, f"{block}.attn.q_proj", batch, adapter)
        v = _adapted(v, x, f"{block}.attn.v_proj", batch, adapter)
        q, k, v = (y.unflatten(-1, (heads, -1)) for y in (q, k, v))
        attended, layer_cache = _attend(q, k, v, cache and cache[i], batch.attention)
        new_cache.append(layer_cache)
        h = h + conv1d(f"{block}.attn.c_proj", attended)

        u = norm(f"{block}.ln_2", h)
        f = conv1d(f"{block}.mlp.c_proj", F.gelu(conv1d(f"{block}.mlp.c_fc", u), approximate="tanh"))
        h = h + _adapted(f, u, f"{block}.mlp", batch, adapter)
    return F.linear(norm("transformer.ln_f", h), w["transformer.wte.weight"]), new_cache


def answer_loss(logits, labels):
    """Mean cross-entropy over labels != -100; the logits at t predict the label at t + 1."""
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
