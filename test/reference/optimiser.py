"""Writes optimiser.json: learning rates by step of transformers' schedules, and PyTorch's label smoothing.

    python optimiser.py
"""

import json
import pathlib

import torch
from transformers import get_scheduler

NAMES = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}
CASES = [(0, 5, 1.0), (2, 10, 0.01), (3, 3, 0.5), (7, 20, 2e-3)]


def rates(name, warmup, total, peak):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=peak)
    schedule = get_scheduler(NAMES[name], optimizer, warmup, total)
    out = []
    for _ in range(total + 1):
        out.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return out


def smoothing(share):
    generator = torch.Generator().manual_seed(3)
    logits = (3 * torch.randn(5, 7, generator=generator)).requires_grad_()
    labels = torch.tensor([0, 6, 3, 3, 1])
    loss = torch.nn.functional.cross_entropy(logits.double(), labels, label_smoothing=share)
    loss.backward()
    return {
        "smoothing": share,
        "logits": logits.tolist(),
        "labels": labels.tolist(),
        "loss": loss.item(),
        "gradient": logits.grad.tolist(),
    }


cases = [
    {
        "warmup_steps": warmup,
        "total_steps": total,
        "learning_rate": peak,
        "rates": {name: rates(name, warmup, total, peak) for name in NAMES},
    }
    for warmup, total, peak in CASES
]
out = {"cases": cases, "label_smoothing": [smoothing(share) for share in (0.0, 0.1, 0.5)]}
(pathlib.Path(__file__).parent / "optimiser.json").write_text(json.dumps(out, indent=1) + "\n")
