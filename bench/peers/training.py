"""The training step of bench/training.ts in PyTorch, transformers and peft: one JSON answer for each line on stdin."""

import json
import sys

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, get_linear_schedule_with_warmup
from transformers.utils import logging

logging.disable_progress_bar()

task = json.load(open(sys.argv[1]))
torch.set_num_threads(task["threads"])


class MaskedAdapter(torch.nn.Module):
    """A branch with PrAd-Adapter beside it: a ReLU bottleneck that acts where the mask is 1."""

    def __init__(self, branch, start, name, mask):
        super().__init__()
        self.branch, self.mask = branch, mask
        for part in ("down", "up"):
            for kind in ("weight", "bias"):
                value = torch.nn.Parameter(start[f"{name}.adapter.{part}.{kind}"])
                self.register_parameter(f"{part}_{kind}", value)

    def forward(self, x):
        inner = torch.relu(x @ self.down_weight + self.down_bias)
        return self.branch(x) + self.mask * (inner @ self.up_weight + self.up_bias)


def with_adapter(model, start):
    positions = torch.arange(tokens.shape[1]) < task["promptLength"]
    mask = positions.float()[None, :, None]
    for index, layer in enumerate(model.model.layers):
        layer.mlp = MaskedAdapter(layer.mlp, start, f"model.layers.{index}.mlp", mask)
    return model


def with_lora(model, start):
    options = task["options"]
    # peft divides alpha by the rank.
    alpha = options["alpha"] * options["rank"]
    config = LoraConfig(r=options["rank"], lora_alpha=alpha, target_modules=options["targets"])
    model = get_peft_model(model, config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".lora_" not in name:
                continue
            module, kind = name.removeprefix("base_model.model.").split(".lora_")
            parameter.copy_(start[f"{module}.lora.{kind[0].lower()}"].T)
    return model


tokens = torch.tensor(task["tokens"])
labels = tokens.clone()
labels[:, : task["promptLength"]] = -100
base = AutoModelForCausalLM.from_pretrained(task["modelFolder"], dtype=torch.float32).requires_grad_(False)
model = {"adapter": with_adapter, "lora": with_lora}[task["method"]](base, load_file(task["start"]))
model.train()
trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=task["learningRate"], weight_decay=0)
schedule = get_linear_schedule_with_warmup(optimizer, 0, task["totalSteps"])


def step():
    loss = model(input_ids=tokens, labels=labels, use_cache=False).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1)
    optimizer.step()
    schedule.step()
    optimizer.zero_grad()
    return {"loss": loss.item()}


def peak():
    # Not getrusage, whose peak counts the process that this one was started from.
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return {"peakBytes": int(line.split()[1]) * 1024, "parameters": sum(p.numel() for p in trained)}


for line in sys.stdin:
    print(json.dumps({"step": step, "peak": peak}[line.strip()]()), flush=True)
