"""transformers in true float64.

transformers computes norms, rotary tables and soft-max in float32 even in a float64 model. Inside `exact()` the names
`torch.float32`, `torch.float` and `Tensor.float` mean float64, so that a model built and run there has no float32 step.
`families.py` asserts that this gives the logits of `reference_model.py` to 1e-12.
"""

from contextlib import contextmanager, nullcontext

import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging

logging.disable_progress_bar()


@contextmanager
def exact():
    saved = torch.float32, torch.float, torch.Tensor.float
    torch.float32 = torch.float = torch.float64
    torch.Tensor.float = torch.Tensor.double
    try:
        yield
    finally:
        torch.float32, torch.float, torch.Tensor.float = saved


def logits(network, **inputs):
    """The network's logits; a float64 network runs inside `exact()`."""
    with exact() if network.dtype == torch.float64 else nullcontext():
        return network(**inputs).logits


def load(folder):
    """The model of a folder in float32, with every weight found and none left over."""
    network, found = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    assert not any(found[k] for k in ("missing_keys", "mismatched_keys", "error_msgs") if k in found), found
    return network.eval()


def exact_copy(network, config=None):
    """A float64 model with the weights of `network`; run it by `logits`."""
    with exact():
        copy = AutoModelForCausalLM.from_config(
            config or network.config, dtype=torch.float64, attn_implementation="eager"
        )
    copy.load_state_dict(network.state_dict())
    return copy.eval()
