"""Makes pre-tokenizers.json: what each `tokenizer.ggml.pre` does to a text, by the reference tokenizers library.

    python test/reference/tokenizer/pre_tokenizers.py       # needs: tokenizers, transformers

The vocabulary's merges were learnt on the cases as they stand, without any cut, so that almost every cut shows in the
ids. `model` is the vocabulary; `cases` are the texts; `ids` has per name one list of ids per text. The rules are those
of the models' own tokenizer.json (from transformers where it has the family's class), but `default`, which is
llama.cpp's.
"""

import json
from pathlib import Path

from cases import CASES
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from tokenizers.pre_tokenizers import ByteLevel, Digits, Punctuation, Sequence
from transformers import CohereTokenizer, GPT2Tokenizer, GPTNeoXTokenizer, Qwen2Tokenizer
from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS

MORE = [
    "1 12 123 1234 12345 123456 1234567",
    "a1b22c333d4444",
    "\u00bd6789 and 12\u00bd3456, x\u00b2y, \uff11\uff12\uff13",
    "\u043c and \u043c\u0438\u0440 999 \u0441\u0439",
    "I'LL we'Ve 'S it\u2019s 'tis 'd'm",
    "\u201cquoted\u201d \u2014 dashes\u2026 \u00a3 \u20ac $5 `code` ^ ~ | <=> +",
    "\u3000\u5168\u89d2\u7a7a\u767d\u3001\u300c\u62ec\u53f7\u300d\u3002\uff01\uff1f\uff08\uff09",
    "\u01c4 \u01c5 \ufb00 \ufb03 \u2126 \u212a \u1f7d \u1fbe \u1fd3 \U00010400 \u0561\u0562 \u10d0\u10d1",
    "A\u030a and \u212b, n\u0303, \uac00 from \u1100\u1161",
    "\r\n\r\nlines \r\n  indented\n\n\n   \n\tend \n  ",
    "x = [1,2,3];\n\n\nif(x!=y){return;}//done\n",
    "foo.bar(baz)?.qux!.quux::corge<T>",
    "...   !!!\n\n  ???",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0928\u092e\u0938\u094d\u0924\u0947 \u0c28",
    "trailing 12   ",
]
TEXTS = CASES + MORE

CASED = (
    "A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373"
    "\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f"
    "\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77"
    "\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d"
    "\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb"
    "\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128"
    "\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4"
    "\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf"
    "\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3"
    "\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df\U0001e900-\U0001e943"
)
HAN = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
GPT2_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"


def split(pattern):
    return pre_tokenizers.Split(Regex(pattern), "isolated")


def words():
    return ByteLevel(add_prefix_space=False)


def only_bytes():
    return ByteLevel(add_prefix_space=False, use_regex=False)


def of(tokenizer_class):
    backend = tokenizer_class().backend_tokenizer
    return backend.normalizer, backend.pre_tokenizer


def by_gguf(name):
    return None, Sequence([split(GGUF_PRE_TOKENIZER_SPLITS[name]), only_bytes()])


def rules():
    starcoder = (None, Sequence([Digits(individual_digits=True), words()]))
    falcon = Sequence(
        [Punctuation(behavior="contiguous"), words(), Digits(individual_digits=False), split("[0-9][0-9][0-9]")]
    )
    deepseek_llm = Sequence(
        [
            split("[\r\n]"),
            split(f"\\s?[{CASED}]+"),
            split("\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"),
            split("\\s+$"),
            split(HAN),
            Digits(individual_digits=True),
            only_bytes(),
        ]
    )
    deepseek_coder = Sequence(
        [
            split("[\r\n]"),
            split("\\s?\\p{L}+"),
            split("\\s?\\p{P}+"),
            split(HAN),
            Digits(individual_digits=True),
            only_bytes(),
        ]
    )
    default = Sequence(
        [split(r"[\p{P}\$\+<=>\^~\|]+"), split(GPT2_WORDS), split(r"\p{N}+"), split("[0-9][0-9][0-9]"), only_bytes()]
    )
    return {
        "default": (None, default),
        "gpt-2": of(GPT2Tokenizer),
        "mpt": of(GPTNeoXTokenizer),
        "olmo": of(GPTNeoXTokenizer),
        "starcoder": starcoder,
        "refact": starcoder,
        "smollm": starcoder,
        "command-r": of(CohereTokenizer),
        "llama3": by_gguf("llama3"),
        "llama-v3": by_gguf("llama-v3"),
        "llama-bpe": by_gguf("llama-bpe"),
        "falcon3": by_gguf("falcon3"),
        "dbrx": by_gguf("dbrx"),
        "smaug-bpe": by_gguf("smaug-bpe"),
        "qwen2": of(Qwen2Tokenizer),
        "deepseek-r1-qwen": of(Qwen2Tokenizer),
        "falcon": (None, falcon),
        "deepseek-llm": (None, deepseek_llm),
        "deepseek-coder": (None, deepseek_coder),
    }


def train():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = only_bytes()
    alphabet = sorted(ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=1100, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([text for text in TEXTS for _ in range(2)], trainer)
    return json.loads(tokenizer.to_str())["model"]


def main():
    model = train()
    merges = [tuple(pair) for pair in model["merges"]]
    ids = {}
    for name, (normalizer, pre_tokenizer) in rules().items():
        ignores = name in ("llama3", "llama-v3", "llama-bpe", "falcon3")
        tokenizer = Tokenizer(models.BPE(model["vocab"], merges, ignore_merges=ignores))
        if normalizer is not None:
            tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = pre_tokenizer
        ids[name] = [tokenizer.encode(text).ids for text in TEXTS]
    lines = [f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]" for name, rows in ids.items()]
    model = {"type": "BPE", "vocab": model["vocab"], "merges": model["merges"]}
    path = Path(__file__).parent / "pre-tokenizers.json"
    path.write_text(
        f'{{"model": {json.dumps(model)},\n"cases": {json.dumps(TEXTS)},\n"ids": {{\n' + ",\n".join(lines) + "\n}}\n"
    )


main()
