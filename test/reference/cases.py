"""The tiny models, their random batches, and how values are stored."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file
from safetensors.torch import save as serialize

from reference_adapters import NO_ADAPTER
from reference_model import forward

HERE = Path(__file__).parent
VOCABULARY, EOS, PAD = 96, 1, 2
PROMPT_LENGTHS = (5, 3, 7)
ANSWER_LENGTHS = (4, 3, 4)  # the end token included
DECODE_STEPS = 8


class Model:
    def __init__(self, family):
        self.family, self.folder = family, HERE / family
        self.config = json.loads((self.folder / "config.json").read_text())
        self.weights = load_file(self.folder / "model.safetensors")

    @property
    def layers(self):
        return self.config.get("n_layer") or self.config["num_hidden_layers"]

    @property
    def kv_width(self):
        if "n_embd" in self.config:
            return self.config["n_embd"]
        head_dim = self.config["hidden_size"] // self.config["num_attention_heads"]
        return head_dim * self.config["num_key_value_heads"]

    def run(self, dtype, batch, cache=None, adapter=None):
        weights = {k: v.to(dtype) for k, v in self.weights.items()}
        return forward(self.config, weights, batch, cache, adapter)


def random_ids(rng, shape):
    return torch.from_numpy(rng.integers(3, VOCABULARY, shape))


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


class MaskedBatch(NamedTuple):
    """Right-padded prompt and answer rows [B, T]; `mask` [B, T, 1] is 1 where adapted."""

    ids: torch.Tensor
    attention: torch.Tensor
    positions: torch.Tensor
    labels: torch.Tensor
    mask: torch.Tensor


def masked_batch(scope, adapter=NO_ADAPTER):
    """The batch of all adapter values: positions start after the virtual tokens, prompts hold the added tokens."""
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
        if adapter.options.get("special_tokens"):
            ids[i, 0], ids[i, length - 1] = VOCABULARY, VOCABULARY + 1
    return MaskedBatch(ids, attention, positions + adapter.virtual_length(), labels, mask)
