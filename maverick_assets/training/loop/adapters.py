"""Adapters on a base: attached for training, loaded for use, written whole.

LoRA after Hu et al. 2021, its weights and files as peft has them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.errors import MaverickError, first_line
from maverick_assets.recipes import Training


@dataclass(frozen=True)
class Trainee:
    """An adapter to be: what it learns from, each row with a supervised token, and how.

    `parent`: directory of the adapter that it goes on from; None: fresh weights. `held_out`: rows
    that it is measured on after each epoch; where it gets worse it stops, and the best one stays.
    """

    name: str
    rows: Sequence[Encoded]
    settings: Training
    parent: Path | None = None
    held_out: Sequence[Encoded] = ()

    @property
    def n_tokens(self) -> int:
        """Of one epoch."""
        return sum(len(row.input_ids) for row in self.rows)


@contextmanager
def attached_lora(model: Any, trainees: Sequence[Trainee], seed: int) -> Iterator[PeftModel]:
    """`model` with trainable LoRA weights in float32 for each trainee, under its name.

    Fresh ones are drawn from `seed`, for each as if it were alone. Afterwards the model is as
    before. Raises `MaverickError` when a parent does not fit (`check_parent`).
    """
    for trainee in trainees:
        check_parent(trainee)
    lora: PeftModel | None = None
    try:
        for trainee in trainees:
            torch.manual_seed(seed)
            lora = _with_adapter(model, lora, trainee)
        assert lora is not None
        for name, weight in lora.named_parameters():
            weight.requires_grad_("lora_" in name)
        yield lora
    finally:
        if lora is not None:
            lora.unload()


def load_adapter(model: Any, directory: Path) -> PeftModel:
    """`model` with the adapter of a directory. Raises `MaverickError` when it does not load."""
    with _told(directory):
        return PeftModel.from_pretrained(model, directory)


def save_adapter(lora: PeftModel, name: str, directory: Path) -> None:
    """Write adapter_config.json and adapter_model.safetensors of one adapter."""
    directory.mkdir(parents=True)
    state = get_peft_model_state_dict(lora, adapter_name=name, save_embedding_layers=False)
    tensors = {key: value.detach().cpu().contiguous() for key, value in state.items()}
    save_file(tensors, directory / "adapter_model.safetensors", metadata={"format": "pt"})
    config = lora.peft_config[name]
    config.inference_mode = True
    config.save_pretrained(str(directory))


def check_parent(trainee: Trainee) -> None:
    """Raise `MaverickError` when the parent, if there is one, cannot be read, or its rank or alpha
    is not the trainee's."""
    if not trainee.parent:
        return
    with _told(trainee.parent):
        found: Any = LoraConfig.from_pretrained(str(trainee.parent))
        load_file(trainee.parent / "adapter_model.safetensors")
    wanted = trainee.settings
    if (found.r, found.lora_alpha) != (wanted.rank, wanted.alpha):
        raise MaverickError(
            f"{trainee.parent} has rank {found.r} and alpha {found.lora_alpha}, the recipe "
            f"{wanted.rank} and {wanted.alpha}; train it in full"
        )


def _with_adapter(model: Any, lora: PeftModel | None, trainee: Trainee) -> PeftModel:
    if trainee.parent:
        with _told(trainee.parent):
            if lora is None:
                return PeftModel.from_pretrained(
                    model, trainee.parent, adapter_name=trainee.name, is_trainable=True
                )
            lora.load_adapter(str(trainee.parent), trainee.name, is_trainable=True)
            return lora
    config = LoraConfig(
        r=trainee.settings.rank,
        lora_alpha=trainee.settings.alpha,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    if lora is None:
        return get_peft_model(model, config, adapter_name=trainee.name)
    lora.add_adapter(trainee.name, config)
    return lora


@contextmanager
def _told(directory: Path) -> Iterator[None]:
    """An adapter that does not load is one clear line."""
    if not (directory / "adapter_config.json").is_file():  # peft would ask the hub
        raise MaverickError(f"{directory} holds no adapter; train it first")
    try:
        yield
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        reason = first_line(error)
        raise MaverickError(f"adapter {directory} does not fit this base: {reason}") from error
