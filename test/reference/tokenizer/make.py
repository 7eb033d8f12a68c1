"""Encodes varied strings with the reference tokenizers library, for a tokenizer taken from a GGUF file.

    python test/reference/tokenizer/make.py test/reference/gguf/tiny-llama.gguf test/reference/tokenizer/tiny-llama.json
    python test/reference/tokenizer/make.py SmolLM2-135M-Instruct.Q4_1.gguf test/reference/tokenizer/smollm2.json

Needs: gguf, tokenizers. The pre-tokenizer is SmolLM2's own (Digits one by one, then ByteLevel), which is what llama.cpp
calls `smollm`. Each case holds the text, its ids, and the ids' text with and without special tokens.
"""

import json
import sys

import gguf
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

CASES = [
    "The capital of France is",
    "Hello, world!",
    " leading and trailing spaces  ",
    "   three   inner   gaps",
    "a\nb\n\nc\r\nd\n",
    "\ttabs\t\tand \t mixed",
    "don't can't I'll we've they're I'd she's I'm",
    "DON'T SHOUT'LL",
    "In 2024, 1234567890 people paid $12.50 (or 3,000%).",
    "12 34  567\n8",
    "version v1.2.3-rc4 at 10:30",
    "half ½, square ², Roman Ⅳ, circled ①",
    "Arabic digits ٣٤٥ and Devanagari १२३",
    "naïve café résumé Straße",
    "e\u0301 combining vs \u00e9",
    "Привет, мир! Как дела?",
    "你好，世界。今天天气很好",
    "こんにちは世界 カタカナ",
    "안녕하세요 세계",
    "שלום עולם مرحبا بالعالم",
    "emoji 😀 family 👨‍👩‍👧‍👦 flag 🇫🇷 skin 👍🏽",
    "math ∑∫√∞ ≤≥ αβγ",
    "zero\u200bwidth and \u00a0 no-break",
    "next\u0085line and \u2028 separator",
    "mark \ufeff in the middle",
    "\ufeffmark at the start",
    "def f(x):\n    return x ** 2  # square\n",
    "<div class=\"a\">&amp;</div>",
    "https://example.org/path?q=1&r=two#three",
    "name: The Eagle | food: Italian | price: less than £20",
    "<|im_start|>user\nHi<|im_end|>\n",
    "text<|endoftext|>more <|im_end|> spaced",
    "<|im_start", "|>",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "!!!???...---___***",
    "CamelCaseAndSNAKE_CASE and kebab-case",
    "\x00\x01\x1f control",
    " ",
    "\n",
    "x",
    "\U0001f469\u200d\U0001f680 and \U00010348 beyond the BMP",
]


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
