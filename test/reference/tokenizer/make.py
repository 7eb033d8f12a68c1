"""Encodes varied strings with the reference tokenizers library, for a tokenizer taken from a GGUF file.

    python test/reference/tokenizer/make.py test/reference/gguf/tiny-llama.gguf test/reference/tokenizer/tiny-llama.json
    python test/reference/tokenizer/make.py SmolLM2-135M-Instruct.Q4_1.gguf test/reference/tokenizer/smollm2.json

Needs: gguf, tokenizers. The pre-tokenizer is SmolLM2's own (Digits one by one, then ByteLevel), which is what llama.cpp
calls `smollm`. Each case holds the text, its ids, and the ids' text with and without special tokens.
"""

import json
import sys

import gguf
from cases import CASES
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers


def build(path):
    fields = gguf.GGUFReader(path).fields
    value = lambda name: fields[f"tokenizer.ggml.{name}"].contents()
    assert value("model") == "gpt2" and value("pre") == "smollm"
    tokens = value("tokens")
    merges = [tuple(merge.split(" ")) for merge in value("merges")]
    tokenizer = Tokenizer(models.BPE({token: id for id, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, value("token_type")) if kind == 3]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in control])
    return tokenizer


def main(source, target):
    tokenizer = build(source)
    lines = []
    for text in CASES:
        ids = tokenizer.encode(text).ids
        case = {
            "text": text,
            "ids": ids,
            "decoded": tokenizer.decode(ids, skip_special_tokens=False),
            "plain": tokenizer.decode(ids, skip_special_tokens=True),
        }
        lines.append(json.dumps(case))
    with open(target, "w") as file:
        file.write("[\n" + ",\n".join(lines) + "\n]\n")


main(*sys.argv[1:])
