"""Loads a folder that `prad adapters export` wrote with peft and compares its logits with stored ones.

    python peft_export_check.py EXPORT BASE EXPECTED

EXPORT holds adapter_config.json and adapter_model.safetensors, BASE is the Hugging Face folder of the base model, EXPECTED a
safetensors file with `input_ids`, `logits` and, where rows are padded, `attention_mask`: `<name>.all.safetensors` of a family, or
`expected.safetensors` of peft/. Prints the largest difference at real positions; exit code 1 above 1e-4.
"""

import sys

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

LIMIT = 1e-4

torch.set_num_threads(1)


@torch.no_grad()
def logits_gap(export, base, expected):
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, attn_implementation="eager")
    adapted = PeftModel.from_pretrained(model, export).eval()
    stored = load_file(expected)
    ids, wanted = stored["input_ids"], stored["logits"]
    mask = stored.get("attention_mask", torch.ones_like(ids))
    found = adapted(input_ids=ids, attention_mask=mask).logits
    # Soft tokens have logits too; they stand in front.
    found = found[:, -ids.shape[1] :]
    return (found - wanted)[mask.bool()].abs().max().item()


if __name__ == "__main__":
    difference = logits_gap(*sys.argv[1:4])
    print(f"{sys.argv[1]}: largest difference {difference:.2e}")
    sys.exit(difference > LIMIT)
