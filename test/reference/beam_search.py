"""Writes beam-search.json: transformers' beam search on the tiny llama and gpt2.

Every case is computed in float32 and again in true float64 (exact.py); the sequences must be the same, so that no case
hangs on a rounding. The script asserts that the cases together show what they are for.

    python beam_search.py
"""

import json
from contextlib import nullcontext
from pathlib import Path

import torch
import transformers
from transformers import StoppingCriteria, StoppingCriteriaList

from exact import exact, exact_copy, load

HERE = Path(__file__).parent
NEW_TOKENS = 14
PROMPTS = [[17, 5, 44, 8], [90, 3, 3, 61, 28, 70, 12]]
PENALTIES = [-1.0, 0.0, 1.0, 2.5]


class LastTokens(StoppingCriteria):
    """As a stop string whose characters are tokens."""

    def __init__(self, tokens):
        self.tokens = torch.tensor(tokens)

    def __call__(self, ids, scores, **_):
        return (ids[:, -len(self.tokens) :] == self.tokens).all(-1)


def beams(network, prompt, case):
    width, stop = case["num_beams"], case.get("stop")
    options = {
        "do_sample": False,
        "num_beams": width,
        "num_return_sequences": width,
        "max_new_tokens": NEW_TOKENS,
        "eos_token_id": case["eos_token_id"],
        "pad_token_id": 2,
        "return_dict_in_generate": True,
        "output_scores": True,
    }
    if width > 1:
        options |= {k: case[k] for k in ("length_penalty", "early_stopping")}
    if stop:
        options["stopping_criteria"] = StoppingCriteriaList([LastTokens(stop)])
    with exact() if network.dtype == torch.float64 else nullcontext():
        ids = torch.tensor([prompt])
        out = network.generate(ids, attention_mask=torch.ones_like(ids), **options)
    rows = out.sequences[:, len(prompt) :].tolist()
    if width == 1:
        return rows, None
    lengths = (out.beam_indices >= 0).sum(1).tolist()
    return [row[:n] for row, n in zip(rows, lengths)], out.sequences_scores.tolist()


def cases(greedy):
    """Of one prompt. End tokens that the greedy answer has make hypotheses end early."""
    seen = sorted(set(greedy), key=greedy.index)
    ends = [[1], seen[-1:], seen[1:3]]
    yield {"num_beams": 1, "eos_token_id": [1]}
    yield {"num_beams": 1, "eos_token_id": seen[1:2]}
    for width in (3, 4):
        for early in (True, False, "never"):
            for place, penalty in enumerate(PENALTIES):
                eos = ends[(place + width) % 3] if early != "never" else ends[1 + place % 2]
                yield {"num_beams": width, "early_stopping": early, "length_penalty": penalty, "eos_token_id": eos}
    for early in (True, False):
        yield {"num_beams": 3, "early_stopping": early, "length_penalty": 1.0, "eos_token_id": [1], "stop": greedy[1:3]}


def golden(family):
    low = load(HERE / family)
    high = exact_copy(low)
    found = []
    for prompt in PROMPTS:
        greedy = beams(low, prompt, {"num_beams": 1, "eos_token_id": [1]})[0][0]
        for case in cases(greedy):
            sequences, scores = beams(low, prompt, case)
            assert sequences == beams(high, prompt, case)[0], (family, prompt, case)
            found.append({"prompt": prompt, **case, "sequences": sequences, "scores": scores})
    return found


def check(found):
    """The cases do what they are for."""
    wide = [case for case in found if case["num_beams"] > 1]
    lengths = {len(row) for case in wide for row in case["sequences"]}
    assert NEW_TOKENS in lengths and len(lengths) > 5, lengths
    assert any(len(case["sequences"][0]) < NEW_TOKENS for case in wide if "stop" in case)

    def differ(key):
        answers = {}
        for case in wide:
            same = json.dumps({k: v for k, v in case.items() if k not in (key, "sequences", "scores")})
            answers.setdefault(same, set()).add(json.dumps(case["sequences"]))
        return sum(len(different) > 1 for different in answers.values())

    assert differ("early_stopping") > 2 and differ("length_penalty") > 2


def main():
    out = {family: golden(family) for family in ("llama", "gpt2")}
    check([case for found in out.values() for case in found])
    head = {"transformers": transformers.__version__, "max_new_tokens": NEW_TOKENS}
    parts = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    for family, found in out.items():
        rows = ",\n".join("  " + json.dumps(case) for case in found)
        parts.append(f" {json.dumps(family)}: [\n{rows}\n ]")
    text = "{\n" + ",\n".join(parts) + "\n}\n"
    (HERE / "beam-search.json").write_text(text)


if __name__ == "__main__":
    main()
