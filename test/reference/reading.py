"""Writes reading.json: transformers' embeddings of prompts and log probabilities of answers, on the tiny llama and gpt2.

An embedding is the hidden state after the final norm, of the last token or the mean of all, of length 1. Every value is
computed in true float64 (exact.py) and again in float32, which must be near. The adapters are those of adapters.py.

    python reading.py
"""

import json

import numpy as np
import torch

import transformers_check
from adapters import cast, reference_adapter
from cases import EOS, HERE, MaskedBatch, Model, pad_rows, random_ids
from exact import exact_copy, load, logits

torch.set_num_threads(1)

PROMPTS, ANSWERS = (5, 9, 2), (1, 2, 4, 3)  # lengths; the end token of an answer included
CASES = [
    ("llama", None, "prompt"),
    ("llama", "adapter", "prompt"),
    ("llama", "adapter", "all"),
    ("llama", "lora-qv", "prompt"),
    ("llama", "prefix", "prompt"),
    ("llama", "prompt", "prompt"),
    ("llama", "mam", "prompt"),
    ("gpt2", None, "prompt"),
    ("gpt2", "adapter", "prompt"),
    ("gpt2", "lora-qv", "all"),
]


def rows_of(prompts, answers, scope, virtual):
    """Every prompt with every answer, padded on the right."""
    pairs = [(p, a) for p in prompts for a in answers]
    ids, attention, positions = pad_rows([torch.cat(pair) for pair in pairs], "right")
    mask = torch.zeros(*ids.shape, 1)
    for row, (prompt, answer) in enumerate(pairs):
        mask[row, : len(prompt) + (len(answer) if scope == "all" else 0)] = 1
    return MaskedBatch(ids, attention, positions + virtual, None, mask)


def final_norm(network):
    return network.transformer.ln_f if network.config.model_type == "gpt2" else network.model.norm


@torch.no_grad()
def read(network, model, adapter, scope, prompts, answers):
    rows = rows_of(prompts, answers, scope, adapter.virtual_length() if adapter else 0)
    states = []
    final_norm(network).register_forward_hook(lambda module, inputs, output: states.append(output))
    if adapter:
        adapter = cast(adapter, network.dtype)
        transformers_check.attach(network, model, adapter, rows.mask)
        out = transformers_check.run_adapted(network, adapter, rows)
    else:
        out = logits(
            network, input_ids=rows.ids, attention_mask=rows.attention, position_ids=rows.positions
        )
    states = states[0][:, -rows.ids.shape[1] :]
    probabilities = torch.log_softmax(out.double(), -1)
    unit = torch.nn.functional.normalize
    values = {"last": [], "mean": [], "prompt_log_probabilities": [], "log_probabilities": []}
    for p, prompt in enumerate(prompts):
        own = states[p * len(answers), : len(prompt)].double()
        values["last"].append(unit(own[-1], dim=0))
        values["mean"].append(unit(own.mean(0), dim=0))
        places = torch.arange(len(prompt) - 1)
        values["prompt_log_probabilities"].append(probabilities[p * len(answers), places, prompt[1:]])
        for a, answer in enumerate(answers):
            places = torch.arange(len(prompt) - 1, len(prompt) + len(answer) - 1)
            values["log_probabilities"].append(probabilities[p * len(answers) + a, places, answer])
    return values


def case(family, name, scope, prompts, answers):
    model = Model(family)
    adapter = reference_adapter(model, name) if name else None
    low = read(load(model.folder), model, adapter, scope, prompts, answers)
    high = read(exact_copy(load(model.folder)), model, adapter, scope, prompts, answers)
    for key, all_values in high.items():
        for value, near in zip(all_values, low[key]):
            assert (value - near).abs().max() < 2e-4, (family, name, key)
    stored = {key: [[round(x, 8) for x in v.tolist()] for v in values] for key, values in high.items()}
    count = len(answers)
    stored["log_probabilities"] = [
        stored["log_probabilities"][p * count : (p + 1) * count] for p in range(len(prompts))
    ]
    return {"family": family, "adapter": name, "scope": scope, **stored}


def main():
    rng = np.random.default_rng(31)
    prompts = [random_ids(rng, n) for n in PROMPTS]
    answers = [torch.cat([random_ids(rng, n - 1), torch.tensor([EOS])]) for n in ANSWERS]
    cases = [case(*what, prompts, answers) for what in CASES]
    plain = {c["family"]: c for c in cases if c["adapter"] is None}
    for c in cases:
        if c["adapter"] is None:
            continue
        for key in ("last", "mean", "prompt_log_probabilities", "log_probabilities"):
            assert c[key] != plain[c["family"]][key], f"{c['adapter']} has no effect on {key}"
    out = {"prompts": [p.tolist() for p in prompts], "answers": [a.tolist() for a in answers], "cases": cases}
    (HERE / "reading.json").write_text(json.dumps(out) + "\n")


if __name__ == "__main__":
    main()
