"""The two architectures with adapter sites, as plain functions over a dict of tensors.

Written apart from transformers for two reasons: every operation keeps the dtype of the weights
(transformers computes norms, rotary tables and soft-max in float32 even when asked for float64), and
the masked adapters stand in the forward pass where the methods' formulas put them.
`transformers_check.py` and `peft_check.py` compare it with transformers and peft.

Shapes: B batch, T new tokens, S cached and new tokens, H heads, K kv heads, D head size, E width.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from reference_adapters import NO_ADAPTER


@dataclass
class Batch:
    """`attention` marks the real keys [B, S] (virtual tokens in front may be left out); `mask` the adapted [B, T, 1]."""

    ids: torch.Tensor  # [B, T]
    positions: torch.Tensor  # [B, T]
    attention: torch.Tensor  # [B, S]
    mask: torch.Tensor | None = None


def forward(config, weights, batch, cache=None, adapter=None):
    """Logits [B, T, V] and the cache, a list of (key, value) [B, K, S, D] per layer.

    A prefix or soft tokens are put in front when there is no cache yet; logits are those of the real tokens.
    """
    run = {"llama": _llama, "gpt2": _gpt2}[config["model_type"]]
    return run(config, weights, batch, cache, adapter or NO_ADAPTER)


def _start(table, batch, cache, adapter, layers, kv_heads):
    """Embeddings, positions, attention [B, S], mask and cache with the virtual tokens in front."""
    h, positions, mask = adapter.embed(table, batch.ids), batch.positions, batch.mask
    soft = adapter.soft_tokens()
    if cache is None and soft is not None:
        rows, count = h.shape[0], soft.shape[0]
        h = torch.cat([soft.expand(rows, -1, -1), h], 1)
        positions = torch.cat([torch.arange(count).expand(rows, -1), positions], 1)
        mask = torch.cat([torch.ones(rows, count, 1), mask], 1)
    if cache is None:
        cache = adapter.prefix_cache(h.shape[0], layers, kv_heads)
    cached = 0 if cache is None else cache[0][0].shape[2]
    missing = cached + h.shape[1] - batch.attention.shape[1]
    attention = torch.cat([torch.ones(h.shape[0], missing), batch.attention], 1)
    return h, positions, attention, mask, cache


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
    layers, head_dim = c["num_hidden_layers"], c["hidden_size"] // heads
    theta = c["rope_theta"] if "rope_theta" in c else c["rope_parameters"]["rope_theta"]
    table = w["model.embed_tokens.weight"]
    h, positions, attention, mask, cache = _start(table, batch, cache, adapter, layers, kv_heads)
    new_cache = []

    def project(site, x):
        weight, bias = w[f"{site}.weight"], w.get(f"{site}.bias")
        return adapter.project(site, x, F.linear(x, weight, bias), weight.T, bias, mask)

    for i in range(layers):
        layer = f"model.layers.{i}"
        attn, mlp = f"{layer}.self_attn", f"{layer}.mlp"
        x = _rms_norm(h, w[f"{layer}.input_layernorm.weight"], eps)
        q, k, v = (project(f"{attn}.{n}_proj", x).unflatten(-1, (-1, head_dim)) for n in "qkv")
        q, k = _rope(q, positions, theta), _rope(k, positions, theta)
        attended, layer_cache = _attend(q, k, v, cache and cache[i], attention)
        new_cache.append(layer_cache)
        h = h + adapter.branch(attn, x, project(f"{attn}.o_proj", attended), mask)

        u = _rms_norm(h, w[f"{layer}.post_attention_layernorm.weight"], eps)
        gate, up = (project(f"{mlp}.{n}_proj", u) for n in ("gate", "up"))
        f = project(f"{mlp}.down_proj", F.silu(gate) * up)
        h = h + adapter.branch(mlp, u, f, mask)
    h = _rms_norm(h[:, -batch.ids.shape[1] :], w["model.norm.weight"], eps)
    head = table if c["tie_word_embeddings"] else w["lm_head.weight"]
    return F.linear(h, head), new_cache


def _gpt2(c, w, batch, cache, adapter):
    heads, layers, eps = c["n_head"], c["n_layer"], c["layer_norm_epsilon"]
    table = w["transformer.wte.weight"]
    h, positions, attention, mask, cache = _start(table, batch, cache, adapter, layers, heads)
    h = h + w["transformer.wpe.weight"][positions]
    new_cache = []

    def norm(name, x):
        return F.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], eps)

    def conv1d(name, x):
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    def project(site, x):
        return adapter.project(site, x, conv1d(site, x), w[f"{site}.weight"], w[f"{site}.bias"], mask)

    def project_thirds(attn, x):
        parts = (y.chunk(3, -1) for y in (conv1d(f"{attn}.c_attn", x), *_fused(w, attn)))
        return [adapter.project(f"{attn}.{n}_proj", x, *three, mask) for n, *three in zip("qkv", *parts)]

    for i in range(layers):
        block = f"transformer.h.{i}"
        attn, mlp = f"{block}.attn", f"{block}.mlp"
        x = norm(f"{block}.ln_1", h)
        q, k, v = (y.unflatten(-1, (heads, -1)) for y in project_thirds(attn, x))
        attended, layer_cache = _attend(q, k, v, cache and cache[i], attention)
        new_cache.append(layer_cache)
        h = h + adapter.branch(attn, x, project(f"{attn}.c_proj", attended), mask)

        u = norm(f"{block}.ln_2", h)
        f = project(f"{mlp}.c_proj", F.gelu(project(f"{mlp}.c_fc", u), approximate="tanh"))
        h = h + adapter.branch(mlp, u, f, mask)
    return F.linear(norm("transformer.ln_f", h[:, -batch.ids.shape[1] :]), table), new_cache


def _fused(w, attn):
    return w[f"{attn}.c_attn.weight"], w[f"{attn}.c_attn.bias"]


def answer_loss(logits, labels):
    """Mean cross-entropy over labels != -100; the logits at t predict the label at t + 1."""
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
