"""Adapters on a base: attached for training, loaded for use, written whole.

LoRA as Hu et al. 2021 describe it, with weights and files as peft has them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from maverick_assets.base_model.architecture import lora_targets
from maverick_assets.errors import MaverickError, first_line
from maverick_assets.training.loop.adapter_job import AdapterJob


@contextmanager
def attached_lora(model: Any, jobs: Sequence[AdapterJob], seed: int) -> Iterator[PeftModel]:
    """`model` with trainable LoRA weights in float32 for each job, under the job's name.

    Fresh weights are drawn from `seed`, for each adapter as if it were alone. Afterwards the model
    is as before. Raises `MaverickError` when a parent does not fit (`check_parent`).
    """
    for job in jobs:
        check_parent(job)
    lora: PeftModel | None = None
    targets = lora_targets(model)  # now: later the layers are those of peft
    try:
        for job in jobs:
            torch.manual_seed(seed)
            lora = _with_adapter(model, lora, job, targets)
        assert lora is not None
        # peft lets only the active adapter learn, which is the first.
        for name, weight in lora.named_parameters():
            weight.requires_grad_("lora_" in name)
        yield lora
    finally:
        if lora is not None:
            lora.unload()


def load_adapter(model: Any, directory: Path) -> PeftModel:
    """`model` with the adapter of a directory. Raises `MaverickError` when it does not load."""
    with _load_errors(directory):
        return PeftModel.from_pretrained(model, directory)


@contextmanager
def loaded_adapters(model: Any) -> Iterator[PeftModel]:
    """`model` ready for `load_another`; afterwards it is as before.

    It begins with an adapter of rank 1 that nobody uses: where peft fails to load the first adapter
    of a model, it leaves the layers that it put into it.
    """
    config = LoraConfig(r=1, target_modules=lora_targets(model), task_type="CAUSAL_LM")
    lora = get_peft_model(model, config, adapter_name="unused")
    try:
        yield lora
    finally:
        lora.unload()


def load_another(lora: PeftModel, directory: Path, name: str) -> None:
    """Attach one more adapter. Raises `MaverickError`, and attaches none, when it does not load."""
    try:
        with _load_errors(directory):
            lora.load_adapter(str(directory), name)
    except MaverickError:
        if name in lora.peft_config:  # peft registers it before it reads the weights
            lora.delete_adapter(name)
        raise


def save_adapter(lora: PeftModel, name: str, directory: Path) -> None:
    """Write adapter_config.json and adapter_model.safetensors of one adapter."""
    directory.mkdir(parents=True)
    state = get_peft_model_state_dict(lora, adapter_name=name, save_embedding_layers=False)
    tensors = {key: value.detach().cpu().contiguous() for key, value in state.items()}
    save_file(tensors, directory / "adapter_model.safetensors", metadata={"format": "pt"})
    config = lora.peft_config[name]
    config.inference_mode = True
    config.save_pretrained(str(directory))


def check_parent(job: AdapterJob) -> None:
    """Raise `MaverickError` when the parent of a job, if there is one, cannot be read, or has
    another rank or alpha than the recipe."""
    if not job.parent:
        return
    with _load_errors(job.parent):
        config: Any = LoraConfig.from_pretrained(str(job.parent))
        load_file(job.parent / "adapter_model.safetensors")
    settings = job.settings
    if (config.r, config.lora_alpha) != (settings.rank, settings.alpha):
        raise MaverickError(
            f"{job.parent} has rank {config.r} and alpha {config.lora_alpha}, the recipe "
            f"{settings.rank} and {settings.alpha}; train it in full"
        )


def _with_adapter(
    model: Any, lora: PeftModel | None, job: AdapterJob, targets: list[str] | str
) -> PeftModel:
    """`lora`, or a new one around `model`, with the parent's or fresh weights of a job.

    `targets` are the layers that get fresh weights.
    """
    if job.parent:
        with _load_errors(job.parent):
            if lora is None:
                return PeftModel.from_pretrained(
                    model, job.parent, adapter_name=job.name, is_trainable=True
                )
            lora.load_adapter(str(job.parent), job.name, is_trainable=True)
            return lora
    config = LoraConfig(
        r=job.settings.rank,
        lora_alpha=job.settings.alpha,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )
    if lora is None:
        return get_peft_model(model, config, adapter_name=job.name)
    lora.add_adapter(job.name, config)
    return lora


@contextmanager
def _load_errors(directory: Path) -> Iterator[None]:
    """Errors of loading an adapter become one line that names its directory."""
    # Checked first, because peft would look for a directory that is missing on the hub.
    if not (directory / "adapter_config.json").is_file():
        raise MaverickError(f"{directory} holds no adapter; train it first")
    try:
        yield
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        reason = first_line(error)
        raise MaverickError(f"adapter {directory} does not fit this base: {reason}") from error
