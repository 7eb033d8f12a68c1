"""The batch of bench/peft.ts in transformers and peft: one JSON answer for each line on stdin: how many tokens, and which mix of adapters."""

import json
import sys
import time

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM
from transformers.utils import logging

logging.disable_progress_bar()

task = json.load(open(sys.argv[1]))
torch.set_num_threads(task["threads"])

base = AutoModelForCausalLM.from_pretrained(task["modelFolder"], dtype=torch.float32, attn_implementation="sdpa")
model = None
for name, folder in task["adapters"].items():
    if model is None:
        model = PeftModel.from_pretrained(base, folder, adapter_name=name)
    else:
        model.load_adapter(folder, adapter_name=name)
model.eval()

prompts = torch.tensor(task["prompts"])
rows, length = prompts.shape
settings = {
    "input_ids": prompts,
    "attention_mask": torch.ones_like(prompts),
    "do_sample": False,
    "pad_token_id": 0,
}
# Answers have the asked length, whatever is chosen.
model.generation_config.eos_token_id = None


def answered(**more):
    begin = time.perf_counter()
    with torch.inference_mode():
        tokens = model.generate(**settings, **more)[:, length:]
    return {"tokens": tokens.tolist(), "seconds": time.perf_counter() - begin}


def without_adapters(tokens):
    with model.disable_adapter():
        return answered(max_new_tokens=tokens)


for line in sys.stdin:
    asked = json.loads(line)
    batch = (
        without_adapters(asked["tokens"])
        if asked["mix"] == "none"
        else answered(max_new_tokens=asked["tokens"], adapter_names=task["mixes"][asked["mix"]])
    )
    print(json.dumps(batch), flush=True)
