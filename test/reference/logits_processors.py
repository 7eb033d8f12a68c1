"""logits-processors.json: what transformers' logits processors and warpers make of random logits.

Frequency and presence penalties are not in transformers; they follow the formula in OpenAI's API reference:
logit[j] - count[j] * frequency_penalty - (count[j] > 0) * presence_penalty, counts taken over the answer.
"""

import json
from pathlib import Path

import torch
from transformers.generation.logits_process import (
    MinNewTokensLengthLogitsProcessor,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    SequenceBiasLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

VOCABULARY = 24
END = [1, 7]

RULES = [
    {"logitBias": {"3": 5.0, "9": -100.0}},
    {"repetitionPenalty": 1.3},
    {"repetitionPenalty": 0.8},
    {"frequencyPenalty": 0.7},
    {"presencePenalty": -1.1},
    {"minTokens": 6},
    {"minTokens": 3},
    {
        "logitBias": {"1": 4.0, "12": -2.5},
        "repetitionPenalty": 1.2,
        "frequencyPenalty": 0.4,
        "presencePenalty": 0.6,
        "minTokens": 5,
    },
]
SAMPLING = [
    {"temperature": 1.0, "topK": 0, "topP": 1.0, "minP": 0.1},
    {"temperature": 0.7, "topK": 0, "topP": 0.9, "minP": 0.0},
    {"temperature": 1.6, "topK": 8, "topP": 0.95, "minP": 0.2},
    {"temperature": 1.2, "topK": 0, "topP": 0.8, "minP": 0.3},
]


def process(logits, prompt, answer, rules):
    """The logits [V] that the rules leave."""
    ids = torch.tensor([prompt + answer])
    scores = logits[None].clone()
    if "logitBias" in rules:
        bias = {(int(token),): value for token, value in rules["logitBias"].items()}
        scores = SequenceBiasLogitsProcessor(bias)(ids, scores)
    if "repetitionPenalty" in rules:
        scores = RepetitionPenaltyLogitsProcessor(rules["repetitionPenalty"])(ids, scores)
    counts = torch.bincount(torch.tensor(answer), minlength=VOCABULARY)
    scores = scores - counts * rules.get("frequencyPenalty", 0.0)
    scores = scores - (counts > 0) * rules.get("presencePenalty", 0.0)
    if "minTokens" in rules:
        scores = MinNewTokensLengthLogitsProcessor(len(prompt), rules["minTokens"], END)(ids, scores)
    return scores[0]


def probabilities(logits, sampling):
    """The distribution [V] that transformers draws from."""
    scores = logits[None]
    scores = TemperatureLogitsWarper(sampling["temperature"])(None, scores)
    if sampling["topK"] > 0:
        scores = TopKLogitsWarper(sampling["topK"])(None, scores)
    if sampling["topP"] < 1:
        scores = TopPLogitsWarper(sampling["topP"])(None, scores)
    if sampling["minP"] > 0:
        scores = MinPLogitsWarper(sampling["minP"])(None, scores)
    return scores.softmax(-1)[0]


def main():
    random = torch.Generator().manual_seed(11)
    cases = []
    for place, rules in enumerate(RULES):
        logits = 2 * torch.randn(VOCABULARY, generator=random)
        prompt = torch.randint(VOCABULARY, (6,), generator=random).tolist()
        answer = torch.randint(VOCABULARY, (4,), generator=random).tolist()
        answer[3] = answer[0]
        sampling = SAMPLING[place % len(SAMPLING)]
        processed = process(logits, prompt, answer, rules)
        cases.append(
            {
                "rules": rules,
                "sampling": sampling,
                "prompt": prompt,
                "answer": answer,
                "logits": logits.tolist(),
                # JSON has no infinity.
                "processed": [None if value == -torch.inf else value for value in processed.tolist()],
                "probabilities": probabilities(processed, sampling).tolist(),
            }
        )
    values = {"endTokens": END, "cases": cases}
    Path(__file__).with_name("logits-processors.json").write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main()
