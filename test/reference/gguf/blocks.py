"""Makes blocks.json, the reference of libs/formats' dequantisation.

    python test/reference/gguf/blocks.py        # needs: gguf, numpy

Per ggml tensor type two base64 texts: `blocks`, bytes as a GGUF file stores them, and `values`, the float32 little-endian
that gguf.quants.dequantize makes of them. Six blocks of a quantised type are random; the others hold every quant at its
least or greatest with the scale, and the minimum where the type has one, at zero, minus zero, the largest half, the
smallest subnormal half, and their negatives.
"""

import base64
import json
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T

RANDOM = 6
ZERO, MINUS_ZERO, LARGEST, LEAST, MINUS_LARGEST, MINUS_LEAST = 0x0000, 0x8000, 0x7BFF, 0x0001, 0xFBFF, 0x8001
# Places in bytes of the halves of a block: scale, then minimum.
HALVES = {
    T.Q4_0: [0],
    T.Q4_1: [0, 2],
    T.Q5_0: [0],
    T.Q5_1: [0, 2],
    T.Q8_0: [0],
    T.Q2_K: [80, 82],
    T.Q3_K: [108],
    T.Q4_K: [0, 2],
    T.Q5_K: [0, 2],
    T.Q6_K: [208],
}
# The byte of every quant and every inner scale, the scale, the minimum.
EDGES = [
    (0x00, ZERO, ZERO),
    (0xFF, MINUS_ZERO, ZERO),
    (0xFF, LARGEST, MINUS_LARGEST),
    (0xFF, MINUS_LARGEST, LARGEST),
    (0x00, LARGEST, LARGEST),
    (0x7F, LARGEST, LEAST),
    (0x80, MINUS_LARGEST, MINUS_LEAST),
    (0xFF, LEAST, LARGEST),
    (0xA5, MINUS_LEAST, MINUS_LEAST),
]


def finite_halves(rng, count):
    halves = rng.integers(0, 1 << 16, count, dtype=np.uint16)
    return np.where((halves & 0x7C00) == 0x7C00, halves & 0x83FF, halves)


def quantised(rng, kind):
    _, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (RANDOM + len(EDGES), size), dtype=np.uint8)
    for row, (byte, *_) in enumerate(EDGES):
        blocks[RANDOM + row] = byte
    for place, at in enumerate(HALVES[kind]):
        edges = [edge[1 + place] for edge in EDGES]
        halves = np.concatenate([finite_halves(rng, RANDOM), np.array(edges, dtype=np.uint16)])
        blocks[:, at : at + 2] = halves.astype("<u2").view(np.uint8).reshape(-1, 2)
    return blocks


def plain(rng, kind):
    """Ordinary numbers, then zeros, infinities, the largest, and subnormals of the type."""
    numbers = gguf.quantize(rng.standard_normal(48).astype(np.float32), kind).view(np.uint8)
    edges = {
        T.F32: [0x0000_0000, 0x8000_0000, 0x7F7F_FFFF, 0xFF7F_FFFF, 0x0000_0001, 0x807F_FFFF, 0x7F80_0000, 0xFF80_0000],
        T.F16: [ZERO, MINUS_ZERO, LARGEST, MINUS_LARGEST, LEAST, MINUS_LEAST, 0x03FF, 0x7C00, 0xFC00],
        T.BF16: [0x0000, 0x8000, 0x7F7F, 0xFF7F, 0x0001, 0x807F, 0x7F80, 0xFF80],
    }[kind]
    return np.concatenate([numbers, np.array(edges, dtype="<u4" if kind == T.F32 else "<u2").view(np.uint8)])


def text(values):
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def main():
    rng = np.random.default_rng(11)
    reference = {}
    for kind in [T.F32, T.F16, T.BF16, *HALVES]:
        blocks = quantised(rng, kind) if kind in HALVES else plain(rng, kind)
        values = gguf.dequantize(blocks, kind).astype("<f4")
        assert not np.isnan(values).any()
        reference[kind.name] = {"blocks": text(blocks), "values": text(values)}
    path = Path(__file__).parent / "blocks.json"
    path.write_text(json.dumps(reference, indent=1) + "\n")


main()
