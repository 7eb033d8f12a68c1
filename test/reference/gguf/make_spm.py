"""Makes tiny-spm.gguf, tiny-spm.json and tiny-spm-ids.json: a SentencePiece tokenizer and the types of 256-value blocks.

    python test/reference/gguf/make_spm.py     # needs: gguf, numpy, sentencepiece, tokenizers, transformers

tiny-spm.json is as tiny-llama.json of make.py, for random blocks of every quantised type; q and k are put back into Hugging
Face's row order after they were dequantised. tiny-spm-ids.json has per case the text, its ids with the begin token
(`ids`) and without the space that is put before a text (`bare`), and the ids' text. Ids are made by the reference
tokenizers library from transformers' conversion of the GGUF file, with the prefix space as SentencePiece puts it;
where a text holds no special token they are those of the sentencepiece package, or the script stops.
"""

import hashlib
import io
import json
import sys
from pathlib import Path

import gguf
import numpy as np
import sentencepiece
from gguf import GGMLQuantizationType as T
from tokenizers import AddedToken, decoders, normalizers
from transformers.integrations.gguf.gguf_tokenizer_mapping import sentencepiece_tokenizer

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tokenizer"))
from cases import CASES  # noqa: E402

HEADS, KV_HEADS, HEAD, HIDDEN, FFN = 4, 2, 8, 256, 32
# The places of the halves of a block, which must be finite.
HALVES = {T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0]}
HALVES |= {T.Q2_K: [80, 82], T.Q3_K: [108], T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208]}
MORE = ["</s>", "<s>twice", "a<s> b</s>c", "<unk>", "<0x41>", "\u2581marked\u2581", "the thethe", "[INST] Hi [/INST]", "  ", "\n\n\n"]


def train():
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([text for text in CASES if all("\x01" < mark < "\u0400" for mark in text)] * 4),
        model_writer=model,
        model_type="bpe",
        vocab_size=480,
        character_coverage=0.98,
        byte_fallback=True,
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        user_defined_symbols=["[INST]", "[/INST]"],
        minloglevel=2,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def token_type(model, id):
    if model.is_unknown(id):
        return gguf.TokenType.UNKNOWN
    if model.is_control(id):
        return gguf.TokenType.CONTROL
    if model.is_byte(id):
        return gguf.TokenType.BYTE
    return gguf.TokenType.USER_DEFINED if model.id_to_piece(id).startswith("[") and len(model.id_to_piece(id)) > 4 else gguf.TokenType.NORMAL


def random_blocks(rng, kind, rows, columns):
    values, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (rows * columns // values, size), dtype=np.uint8)
    for at in HALVES[kind]:
        halves = rng.integers(0, 1 << 16, len(blocks), dtype=np.uint16)
        halves = np.where((halves & 0x7C00) == 0x7C00, halves & 0x83FF, halves)
        blocks[:, at : at + 2] = halves.astype("<u2").view(np.uint8).reshape(-1, 2)
    return blocks.reshape(rows, -1)


def unpermute(weights, heads):
    """Undoes the converter's reordering of q and k rows (convert_hf_to_gguf.py, LlamaModel.permute)."""
    rows, columns = weights.shape
    return weights.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def write_model(model, path):
    rng = np.random.default_rng(13)
    vocabulary = range(model.vocab_size())
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_context_length(128)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_rope_dimension_count(HEAD)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(model.vocab_size())
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([model.id_to_piece(id) for id in vocabulary])
    writer.add_token_scores([model.get_score(id) for id in vocabulary])
    writer.add_token_types([token_type(model, id) for id in vocabulary])
    writer.add_bos_token_id(model.bos_id())
    writer.add_eos_token_id(model.eos_id())
    writer.add_unk_token_id(model.unk_id())
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(True)
    expected = {}

    def add(name, hf_name, kind, rows, columns, heads=None):
        data = random_blocks(rng, kind, rows, columns)
        writer.add_tensor(name, data, raw_dtype=kind)
        values = gguf.dequantize(data, kind).reshape(rows, columns)
        expect(hf_name, values if heads is None else unpermute(values, heads))

    def add_norm(name, hf_name):
        values = rng.standard_normal(HIDDEN).astype(np.float32)
        writer.add_tensor(name, values)
        expect(hf_name, values)

    def expect(name, values):
        values = np.ascontiguousarray(values, dtype="<f4")
        expected[name] = {
            "shape": list(values.shape),
            "sha256": hashlib.sha256(values.tobytes()).hexdigest(),
            "first": [float(value) for value in values.reshape(-1)[:4]],
        }

    layer = "model.layers.0"
    add("token_embd.weight", "model.embed_tokens.weight", T.Q2_K, model.vocab_size(), HIDDEN)
    add_norm("blk.0.attn_norm.weight", f"{layer}.input_layernorm.weight")
    add("blk.0.ffn_down.weight", f"{layer}.mlp.down_proj.weight", T.Q5_1, HIDDEN, FFN)
    add("blk.0.ffn_gate.weight", f"{layer}.mlp.gate_proj.weight", T.Q3_K, FFN, HIDDEN)
    add("blk.0.ffn_up.weight", f"{layer}.mlp.up_proj.weight", T.Q4_K, FFN, HIDDEN)
    add_norm("blk.0.ffn_norm.weight", f"{layer}.post_attention_layernorm.weight")
    add("blk.0.attn_k.weight", f"{layer}.self_attn.k_proj.weight", T.Q5_K, KV_HEADS * HEAD, HIDDEN, KV_HEADS)
    add("blk.0.attn_output.weight", f"{layer}.self_attn.o_proj.weight", T.Q5_0, HIDDEN, HEADS * HEAD)
    add("blk.0.attn_q.weight", f"{layer}.self_attn.q_proj.weight", T.Q6_K, HEADS * HEAD, HIDDEN, HEADS)
    add("blk.0.attn_v.weight", f"{layer}.self_attn.v_proj.weight", T.Q8_0, KV_HEADS * HEAD, HIDDEN)
    add_norm("output_norm.weight", "model.norm.weight")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    (HERE / "tiny-spm.json").write_text(json.dumps(expected, indent=1) + "\n")


def reference_tokenizer(path, model, prefixed):
    fields = gguf.GGUFReader(path).fields
    read = {name: fields[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "scores")}
    tokenizer = sentencepiece_tokenizer(read).backend_tokenizer
    spaces = normalizers.Replace(" ", "\u2581")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), spaces]) if prefixed else spaces
    tokenizer.pre_tokenizer = None
    steps = [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence(steps + ([decoders.Strip(" ", 1, 0)] if prefixed else []))
    types = {id: token_type(model, id) for id in range(model.vocab_size())}
    whole = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL]
    tokenizer.add_special_tokens([AddedToken(model.id_to_piece(id), normalized=False) for id in types if types[id] in whole])
    named = [id for id in types if types[id] == gguf.TokenType.USER_DEFINED]
    tokenizer.add_tokens([AddedToken(model.id_to_piece(id), normalized=False) for id in named])
    assert tokenizer.get_vocab_size() == model.vocab_size()
    return tokenizer


def main():
    model = train()
    path = HERE / "tiny-spm.gguf"
    write_model(model, path)
    prefixed, bare = (reference_tokenizer(path, model, flag) for flag in (True, False))
    lines = []
    for text in CASES + MORE:
        ids = prefixed.encode(text, add_special_tokens=False).ids
        marked = any(mark in text for mark in ("<s>", "</s>", "<unk>", "[INST]"))
        assert marked or ids == model.encode(text), (text, ids, model.encode(text))
        case = {
            "text": text,
            "ids": [model.bos_id(), *ids],
            "bare": bare.encode(text, add_special_tokens=False).ids,
            "decoded": prefixed.decode([model.bos_id(), *ids], skip_special_tokens=False),
            "plain": prefixed.decode(ids, skip_special_tokens=True),
        }
        lines.append(json.dumps(case))
    (HERE / "tiny-spm-ids.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


main()
