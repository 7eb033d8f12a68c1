"""Makes tiny-llama.gguf and tiny-llama.json, the reference of libs/formats' GGUF reader.

    python test/reference/gguf/make.py        # needs: gguf, numpy, tokenizers

Every supported tensor type occurs once at least, quantised ones as random blocks with random finite scales, q and k in
llama.cpp's row order. tiny-llama.json states per Hugging Face tensor name its shape, the SHA-256 of its float32 bytes
as the gguf package dequantises them (q and k in Hugging Face's row order), and its first four values.
"""

import hashlib
import json
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

HERE = Path(__file__).parent
HEADS, KV_HEADS, HIDDEN, FFN = 4, 2, 64, 96
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TEXT = [
    "The quick brown fox jumps over the lazy dog, and the dog doesn't mind.",
    "In 2024 there were 365 or 366 days; in the town of Oberwald it rained on 120 of them.",
    "Die Straße über den Fluss führt zum café. El niño está aquí. Привет, мир! 你好，世界。",
    "    def add(a, b):\n        return a + b\n\n\tprint(add(1, 2))\n",
    "She said they'll go, I've seen it, we're late, I'd rather stay, that's all.",
] * 4


def train_tokenizer():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=416,
        special_tokens=SPECIAL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    return json.loads(tokenizer.to_str())["model"]


def permute(weights, heads):
    """The converter's reordering of q and k rows (convert_hf_to_gguf.py, LlamaModel.permute)."""
    rows, columns = weights.shape
    return weights.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def finite_halves(rng, count):
    halves = rng.integers(0, 1 << 16, count, dtype=np.uint16)
    return np.where((halves & 0x7C00) == 0x7C00, halves & 0x83FF, halves).view(np.uint8).reshape(count, 2)


def random_blocks(rng, kind, rows, columns):
    values, size = gguf.GGML_QUANT_SIZES[kind]
    count = rows * columns // values
    blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
    blocks[:, 0:2] = finite_halves(rng, count)
    if kind == T.Q4_1:
        blocks[:, 2:4] = finite_halves(rng, count)
    return blocks.reshape(rows, -1)


def main():
    rng = np.random.default_rng(7)
    model = train_tokenizer()
    tokens = [token for token, _ in sorted(model["vocab"].items(), key=lambda pair: pair[1])]
    writer = gguf.GGUFWriter(HERE / "tiny-llama.gguf", "llama")
    writer.add_name("tiny llama")
    writer.add_block_count(1)
    writer.add_context_length(128)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(HIDDEN // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token in SPECIAL else 1 for token in tokens])
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    expected = {}

    def expect(name, values):
        values = np.ascontiguousarray(values, dtype="<f4")
        expected[name] = {
            "shape": list(values.shape),
            "sha256": hashlib.sha256(values.tobytes()).hexdigest(),
            "first": [float(value) for value in values.reshape(-1)[:4]],
        }

    def add(name, hf_name, kind, rows, columns, heads=None):
        if kind in (T.Q4_0, T.Q4_1, T.Q8_0):
            data = random_blocks(rng, kind, rows, columns)
        else:
            original = rng.standard_normal((rows, columns)).astype(np.float32)
            data = gguf.quantize(original if heads is None else permute(original, heads), kind)
        writer.add_tensor(name, data, raw_dtype=kind)
        values = gguf.dequantize(data, kind).reshape(rows, columns)
        if heads is not None:
            assert kind == T.F32, "the original rows are known exactly only when nothing is rounded"
            assert np.array_equal(values, permute(original, heads))
            values = original
        expect(hf_name, values)

    def add_norm(name, hf_name):
        values = rng.standard_normal(HIDDEN).astype(np.float32)
        writer.add_tensor(name, values)
        expect(hf_name, values)

    layer = "model.layers.0"
    add("token_embd.weight", "model.embed_tokens.weight", T.Q8_0, len(tokens), HIDDEN)
    add_norm("blk.0.attn_norm.weight", f"{layer}.input_layernorm.weight")
    add("blk.0.ffn_down.weight", f"{layer}.mlp.down_proj.weight", T.Q4_1, HIDDEN, FFN)
    add("blk.0.ffn_gate.weight", f"{layer}.mlp.gate_proj.weight", T.Q4_0, FFN, HIDDEN)
    add("blk.0.ffn_up.weight", f"{layer}.mlp.up_proj.weight", T.F16, FFN, HIDDEN)
    add_norm("blk.0.ffn_norm.weight", f"{layer}.post_attention_layernorm.weight")
    kv = HIDDEN // HEADS * KV_HEADS
    add("blk.0.attn_k.weight", f"{layer}.self_attn.k_proj.weight", T.F32, kv, HIDDEN, KV_HEADS)
    add("blk.0.attn_output.weight", f"{layer}.self_attn.o_proj.weight", T.Q4_1, HIDDEN, HIDDEN)
    add("blk.0.attn_q.weight", f"{layer}.self_attn.q_proj.weight", T.F32, HIDDEN, HIDDEN, HEADS)
    add("blk.0.attn_v.weight", f"{layer}.self_attn.v_proj.weight", T.BF16, kv, HIDDEN)
    add_norm("output_norm.weight", "model.norm.weight")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    (HERE / "tiny-llama.json").write_text(json.dumps(expected, indent=1) + "\n")


main()
