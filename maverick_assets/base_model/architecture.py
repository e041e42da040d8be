"""What an architecture must have so that LoRA can train it, judged by its configuration alone.

This reads nothing but config.json, and refuses a base before a dataset is made or an hour is spent.
The engine finds what this cannot see, at the first training (`training/model/self_check.py`).
"""

import json
from pathlib import Path
from typing import Any, Literal

from maverick_assets.base_model.load import quiet_transformers
from maverick_assets.errors import BadInput, first_line

# State-space models: their kernels read a layer's weight past the layer, so that LoRA on it does
# nothing, and peft refuses them.
_STATE_SPACE = ("mamba", "mamba2", "falcon_mamba", "falcon_h1")

# What layers of experts are called; transformers stacks their weights in three dimensions.
_EXPERT_LAYERS = ("gate", "router", "w1", "w2", "w3", "gate_proj", "up_proj", "down_proj")
_STACKED = ("gate_up_proj", "gate_proj", "up_proj", "down_proj")


def check_architecture(directory: Path, name: str | None = None) -> None:
    """Raise `BadInput` for a base that LoRA cannot train; messages call it `name`."""
    content = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    name = name or str(directory)
    problem = _problem_of_config(content) or _problem_of_model(directory)
    if problem:
        raise BadInput(f"base model {name} cannot be trained: {problem}")


def lora_targets(model: Any) -> list[str] | Literal["all-linear"]:
    """The layers that LoRA adapts: all linear ones but the head, as peft finds them.

    In a mixture of experts only those whose names no expert has, which are those of attention: peft
    would also adapt the experts and their router, merging an adapter into all of their weights in
    every pass, which no kernel of ours and no GGUF file can do.
    """
    linear = _linear_layers(model)
    plain = {name for name, layer in linear.items() if _returns_a_product(layer)}
    if _has_experts(model):
        return sorted(name for name in plain if name.rsplit(".", 1)[-1] not in _EXPERT_LAYERS)
    return "all-linear" if len(plain) == len(linear) else sorted(plain)


def _problem_of_config(content: dict[str, Any]) -> str | None:
    kind = content.get("model_type")
    quantization = content.get("quantization_config")
    if quantization:
        method = quantization.get("quant_method", "some method")
        return f"its weights are quantized ({method}); take the version with full weights"
    if content.get("is_encoder_decoder"):
        return f"{kind} is an encoder and a decoder; take a causal language model"
    if kind in _STATE_SPACE:
        return f"{kind} is a state-space model, which peft does not adapt; take a transformer"
    if any(key.endswith(("vision_config", "audio_config")) for key in content):
        return f"{kind} reads more than text; take the version for text alone"
    return None


def _problem_of_model(directory: Path) -> str | None:
    """What is wrong with the model of a config.json, built without memory for its weights."""
    transformers = quiet_transformers()
    import torch

    content = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    kind = content.get("model_type")
    if kind not in transformers.CONFIG_MAPPING:
        code = "needs code of its own, which is not run" if "auto_map" in content else "is unknown"
        return f"{kind} {code}; transformers {transformers.__version__} has no such model"
    try:
        config = transformers.AutoConfig.from_pretrained(directory, local_files_only=True)
    except Exception as error:  # each configuration class validates in its own way
        return f"its config.json is not accepted: {first_line(error)}"
    if type(config) not in transformers.MODEL_FOR_CAUSAL_LM_MAPPING:
        return f"{kind} is no causal language model"
    try:
        with torch.device("meta"):
            model = transformers.AutoModelForCausalLM.from_config(config)
    except Exception as error:  # whatever building a model of any kind may raise
        return f"its config.json describes no model: {first_line(error)}"
    if model.get_output_embeddings() is None:
        return f"{kind} has no output head"
    if not _linear_layers(model):
        return f"{kind} has no linear layer that LoRA could adapt"
    # Encoders that can be used as decoders, where the configuration says so.
    if kind in _encoders(transformers) and not getattr(config, "is_decoder", False):
        return f"{kind} is an encoder; take a causal language model"
    return None


def _encoders(transformers: Any) -> set[str]:
    """Model types that transformers also trains to fill in masked words, and XLNet."""
    names = transformers.models.auto.modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    return {*names, "xlnet"}


def _linear_layers(model: Any) -> dict[str, Any]:
    """The layers that peft takes for linear, by name, without the head."""
    from torch.nn import Linear
    from transformers.pytorch_utils import Conv1D

    head = model.get_output_embeddings()
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, Linear | Conv1D) and module is not head
    }


def _has_experts(model: Any) -> bool:
    return any(
        weight.ndim == 3 and name.rsplit(".", 1)[-1] in _STACKED
        for name, weight in model.named_parameters()
    )


def _returns_a_product(layer: Any) -> bool:
    """Whether a linear layer returns a tensor. A router may be one by its class, and returns scores
    and choices."""
    import torch

    if type(layer).forward is torch.nn.Linear.forward:
        return True
    if layer.weight.ndim != 2 or not layer.weight.is_floating_point():
        return True
    x = torch.zeros(2, getattr(layer, "in_features", layer.weight.shape[0])).to(layer.weight)
    with torch.no_grad():
        return isinstance(layer(x), torch.Tensor)
