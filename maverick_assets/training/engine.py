"""LoRA training of one adapter: a plain loop, read from top to bottom.

LoRA after Hu et al. 2021 through peft; AdamW, linear warmup, cosine decay, gradients clipped.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import SafetensorError

from maverick_assets.datasets.tokens import Encoded
from maverick_assets.errors import MaverickError
from maverick_assets.recipes import Training
from maverick_assets.training.batches import collate, completion_losses, in_parts, plan_epoch
from maverick_assets.training.hardware import Hardware
from maverick_assets.training.lora import fuse

WARMUP = 0.03
MAX_GRADIENT_NORM = 1.0
# Gradients of a step are summed over parts of this many tokens: half the memory, the same step.
PART_TOKENS = 512


@dataclass(frozen=True)
class Progress:
    """A step that is done. `tokens_per_second` and `seconds_left` are averages since the start."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    tokens_per_second: float
    seconds_left: float


@dataclass(frozen=True)
class Run:
    """A finished training: the loss of each step (from 1), and seconds of wall clock."""

    losses: list[tuple[int, float]]
    seconds: float


@contextmanager
def attached_lora(
    model: Any, recipe: Training, parent: Path | None, seed: int
) -> Iterator[PeftModel]:
    """`model` with trainable LoRA weights in float32: fresh ones from `seed`, or the parent's.

    Afterwards the model is as before. Raises `MaverickError` when the parent does not load, or
    its rank or alpha is not the recipe's.
    """
    if parent:
        lora = load_adapter(model, parent, is_trainable=True)
    else:
        torch.manual_seed(seed)
        config = LoraConfig(
            r=recipe.rank,
            lora_alpha=recipe.alpha,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
        lora = get_peft_model(model, config)
    try:
        found: Any = lora.peft_config["default"]
        if (found.r, found.lora_alpha) != (recipe.rank, recipe.alpha):
            raise MaverickError(
                f"{parent} has rank {found.r} and alpha {found.lora_alpha}, the recipe "
                f"{recipe.rank} and {recipe.alpha}; train it in full"
            )
        fuse(lora)
        yield lora
    finally:
        lora.unload()


def train(
    lora: PeftModel,
    rows: Sequence[Encoded],
    recipe: Training,
    hardware: Hardware,
    seed: int,
    on_progress: Callable[[Progress], None],
) -> Run:
    """Train the LoRA weights in place on `rows`, each with at least one supervised token.

    The loss of a step is the mean over its supervised tokens. The same seed, rows and machine
    give the same weights. Raises `MaverickError` at the first loss that is not finite.
    """
    model: Any = lora.get_base_model()
    weights = [weight for weight in lora.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=recipe.learning_rate, weight_decay=0.0, fused=True)
    plan = [
        (epoch, indices)
        for epoch in range(1, recipe.epochs + 1)
        for indices in plan_epoch(rows, recipe.batch_tokens, f"{seed}-{epoch}")
    ]
    total_tokens = recipe.epochs * sum(len(row.input_ids) for row in rows)
    losses: list[tuple[int, float]] = []
    done_tokens = 0
    started = time.monotonic()
    lora.train()
    for step, (epoch, indices) in enumerate(plan, start=1):
        batch = [rows[index] for index in indices]
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * schedule(step, len(plan))
        supervised = sum(row.n_supervised for row in batch)
        value = 0.0
        for part in in_parts(batch, PART_TOKENS):
            with hardware.autocast():
                losses_of_part = completion_losses(model, collate(part).to(hardware.device))
                loss = losses_of_part.sum() / supervised
            value += loss.item()
            loss.backward()  # type: ignore[no-untyped-call]
        if not math.isfinite(value):
            raise MaverickError(
                f"the loss is {value} at step {step} of {len(plan)}; lower learning_rate"
            )
        torch.nn.utils.clip_grad_norm_(weights, MAX_GRADIENT_NORM)
        optimizer.step()
        optimizer.zero_grad()

        losses.append((step, round(value, 5)))
        done_tokens += sum(len(row.input_ids) for row in batch)
        rate = done_tokens / (time.monotonic() - started)
        left = (total_tokens - done_tokens) / rate
        on_progress(Progress(epoch, recipe.epochs, step, len(plan), value, rate, left))
    lora.eval()
    return Run(losses, time.monotonic() - started)


def schedule(step: int, steps: int) -> float:
    """Factor of the learning rate at `step` (from 1): linear warmup, then cosine to near zero."""
    warmup = max(1, round(WARMUP * steps))
    if step <= warmup:
        return step / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup + 1)))


def load_adapter(model: Any, directory: Path, is_trainable: bool = False) -> PeftModel:
    """`model` with the adapter of a directory. Raises `MaverickError` when it does not load."""
    if not (directory / "adapter_config.json").is_file():  # peft would ask the hub
        raise MaverickError(f"{directory} holds no adapter; train it first")
    try:
        return PeftModel.from_pretrained(model, directory, is_trainable=is_trainable)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0]
        raise MaverickError(f"adapter {directory} does not fit this base: {reason}") from error


def save_adapter(lora: PeftModel, directory: Path) -> None:
    """Write adapter_config.json and adapter_model.safetensors."""
    lora.save_pretrained(str(directory), save_embedding_layers=False)
    (directory / "README.md").unlink()  # an empty model card
