"""Writes peft/<kind>-<llama|gpt2>/: adapter folders as peft saves them, with the logits that peft computes.

    python peft_files.py
"""

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
from peft import IA3Config, LoraConfig, PeftModel, PrefixTuningConfig, PromptTuningConfig, get_peft_model

from cases import HERE, Model, gap, random_ids, save
from exact import logits
from transformers_check import networks

torch.set_num_threads(1)
TASK = {"task_type": "CAUSAL_LM"}
LINEAR = {
    "llama": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    "gpt2": ["c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"],
}
SOME = {"llama": ["q_proj", "v_proj", "down_proj"], "gpt2": ["c_attn", "mlp.c_proj"]}
IA3_TARGETS = {
    "llama": (["k_proj", "v_proj", "down_proj"], ["down_proj"]),
    "gpt2": (["c_attn", "mlp.c_proj"], ["mlp.c_proj"]),
}


def configs(family):
    """The peft config by kind; the kinds differ in rank and alpha so that no scaling passes for another."""
    fan = {"fan_in_fan_out": family == "gpt2"}
    targets, feedforward = IA3_TARGETS[family]
    projection = {"prefix_projection": True, "encoder_hidden_size": 5} if family == "gpt2" else {}
    return {
        "lora": LoraConfig(r=3, lora_alpha=6, target_modules=LINEAR[family], **TASK, **fan),
        "lora-rslora": LoraConfig(r=3, lora_alpha=2, use_rslora=True, target_modules=SOME[family], **TASK, **fan),
        "dora": LoraConfig(r=2, lora_alpha=4, use_dora=True, target_modules=LINEAR[family], **TASK, **fan),
        "ia3": IA3Config(target_modules=targets, feedforward_modules=feedforward, **TASK, **fan),
        "prefix": PrefixTuningConfig(num_virtual_tokens=3, **TASK, **projection),
        "prompt": PromptTuningConfig(num_virtual_tokens=4, **TASK),
    }


@torch.no_grad()
def fill(wrapped, seed):
    """Random values; scales are around 1, magnitudes around the norms that peft starts them at."""
    rng = np.random.default_rng(seed)
    for name, parameter in sorted(wrapped.named_parameters()):
        if not parameter.requires_grad:
            continue
        noise = torch.from_numpy(rng.standard_normal(tuple(parameter.shape))).float()
        if "magnitude" in name:
            parameter.mul_(1 + 0.2 * noise)
        elif "ia3" in name:
            parameter.copy_(1 + 0.3 * noise)
        else:
            parameter.copy_(0.2 * noise)


def store(wrapped, family, folder):
    """The two files of an adapter, without the paths of this machine."""
    wrapped.peft_config["default"].base_model_name_or_path = f"tiny-{family}"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        wrapped.save_pretrained(scratch, save_embedding_layers=False)
        shutil.copyfile(Path(scratch) / "adapter_model.safetensors", folder / "adapter_model.safetensors")
        config = json.loads((Path(scratch) / "adapter_config.json").read_text())
    for key in ("target_modules", "feedforward_modules"):  # peft keeps sets, in a new order at every run
        if config.get(key):
            config[key] = sorted(config[key])
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True))


def make(family, kind, config, seed):
    folder = HERE / "peft" / f"{kind}-{family}"
    low, _ = networks(Model(family))
    wrapped = get_peft_model(low, config)
    fill(wrapped, seed)
    store(wrapped, family, folder)
    low, high = networks(Model(family))
    ids = random_ids(np.random.default_rng(14), (2, 9))
    with torch.no_grad():
        plain = logits(high, input_ids=ids)
        found = logits(PeftModel.from_pretrained(high, folder).to(torch.float64).eval(), input_ids=ids)[:, -9:]
        trained = logits(wrapped.eval(), input_ids=ids)[:, -9:]
    assert gap(trained, found) < 5e-5, "the files must hold what was trained"
    assert gap(plain, found) > 0.1, "the adapter must act"
    save(folder / "expected.safetensors", {"input_ids": ids, "logits": found})
    print(f"{folder.name}: float32 {gap(trained, found):.2e}, effect {gap(plain, found):.2f}")


if __name__ == "__main__":
    for model_family in ("llama", "gpt2"):
        for i, (name, peft_config) in enumerate(configs(model_family).items()):
            make(model_family, name, peft_config, 31 + i)
